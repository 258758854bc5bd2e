#include "sysbox/cli/update_command.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/cli/resource_flags.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/lifecycle.h"

namespace sysbox::cli {
namespace {

constexpr size_t kMaxFile = size_t{8} << 20;

constexpr FlagSpec kResources = {
    .name = "resources",
    .alias = 'r',
    .kind = ValueKind::kText,
    .value = "FILE",
    .help =
        "config.json's \"linux.resources\", or - for standard input; what "
        "is absent or zero stays as it is, and other flags are ignored"};

absl::StatusOr<oci::Resources> RequestedResources(const FlagValues& flags) {
  if (!flags.Has(kResources)) return ResourcesOf(flags);
  std::string path = flags.Text(kResources);
  SYSBOX_ASSIGN_OR_RETURN(std::string text,
                          path == "-" ? ReadAll(FdRef(STDIN_FILENO), kMaxFile)
                                      : ReadFile(path, kMaxFile),
                          "--resources");
  SYSBOX_ASSIGN_OR_RETURN(oci::Resources resources, oci::ParseResources(text),
                          "--resources {}", path);
  DropZeros(resources);
  return resources;
}

}  // namespace

absl::Span<const FlagSpec> UpdateFlags() {
  static const std::vector<FlagSpec>* const flags = [] {
    auto* all = new std::vector<FlagSpec>{kResources};
    for (const FlagSpec& flag : ResourceFlags()) all->push_back(flag);
    return all;
  }();
  return *flags;
}

absl::StatusOr<int> RunUpdate(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  SYSBOX_ASSIGN_OR_RETURN(
      runtime::Container container,
      runtime::Container::Load(globals.root, invocation.operands[0]));
  SYSBOX_ASSIGN_OR_RETURN(oci::Resources resources,
                          RequestedResources(invocation.flags));
  SYSBOX_RETURN_IF_ERROR(runtime::UpdateContainer(container, resources));
  return 0;
}

}  // namespace sysbox::cli
