#include "sysbox/cli/spec_command.h"

#include <fcntl.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/file.h"
#include "sysbox/oci/default_spec.h"
#include "sysbox/oci/spec_json.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kBundle = {.name = "bundle",
                              .alias = 'b',
                              .kind = ValueKind::kText,
                              .value = "DIR",
                              .fallback = ".",
                              .help = "where config.json goes"};
constexpr FlagSpec kIdMap = {
    .name = "id-map",
    .alias = 'm',
    .kind = ValueKind::kText,
    .value = "\"UID GID SIZE\"",
    .help =
        "map the container's ids to SIZE (65536 or more) host ids from "
        "UID and GID up, instead of a range of its own"};
constexpr FlagSpec kSpecFlags[] = {kBundle, kIdMap};

}  // namespace

absl::Span<const FlagSpec> SpecFlags() { return kSpecFlags; }

absl::StatusOr<std::vector<std::string>> OwnCapabilityNames() {
  SYSBOX_ASSIGN_OR_RETURN(CapabilitySets own, OwnCapabilities());
  std::vector<std::string> names;
  for (int number = 0; number < 64; ++number) {
    std::string_view name = CapabilityName(number);
    if ((own.effective >> number & 1) != 0 && !name.empty()) {
      names.emplace_back(name);
    }
  }
  return names;
}

absl::StatusOr<int> RunSpec(const Invocation& invocation) {
  oci::DefaultSpecOptions options;
  if (invocation.flags.Has(kIdMap)) {
    SYSBOX_ASSIGN_OR_RETURN(
        options.id_map, oci::ParseIdMapArgument(invocation.flags.Text(kIdMap)));
  }
  SYSBOX_ASSIGN_OR_RETURN(options.capabilities, OwnCapabilityNames());
  std::string path =
      fmt::format("{}/config.json", invocation.flags.Text(kBundle));
  absl::StatusOr<Fd> file =
      Open(path, {.flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0666});
  if (ErrnoOf(file.status()) == EEXIST) {
    return absl::AlreadyExistsError(
        fmt::format("file {} exists; remove it first", path));
  }
  SYSBOX_RETURN_IF_ERROR(file.status());
  SYSBOX_RETURN_IF_ERROR(
      WriteAll(*file, oci::WriteSpec(oci::DefaultSpec(options)) + "\n"), "{}",
      path);
  return 0;
}

}  // namespace sysbox::cli
