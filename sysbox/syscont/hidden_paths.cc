#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/syscont/mount_list.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

// Namespaced knobs below /proc/sys are the container's to write. The others
// belong to the host's root, and no id in a user namespace is that: the kernel
// refuses the write, so nothing has to be read-only for it.
constexpr std::string_view kWritable[] = {"/proc", "/proc/sys"};

// Harmless in a user namespace: kcore and kmsg give EACCES, kallsyms zeros.
constexpr std::string_view kVisible[] = {"/proc", "/proc/sys", "/proc/kcore",
                                         "/proc/kallsyms", "/proc/kmsg"};

void Remove(std::vector<std::string>& paths,
            absl::Span<const std::string_view> unwanted) {
  std::erase_if(paths, [&](const std::string& path) {
    return std::find(unwanted.begin(), unwanted.end(), CleanPath(path)) !=
           unwanted.end();
  });
}

}  // namespace

absl::Status RevealPaths(oci::Spec& spec, const Inputs&) {
  Remove(spec.linux->readonly_paths, kWritable);
  Remove(spec.linux->masked_paths, kVisible);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
