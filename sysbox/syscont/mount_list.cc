#include "sysbox/syscont/mount_list.h"

#include "absl/strings/match.h"
#include "sysbox/base/clean_path.h"

namespace sysbox::syscont {

oci::Mount* FindMount(std::vector<oci::Mount>& mounts,
                      std::string_view destination) {
  for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) {
    if (CleanPath(mount->destination) == destination) return &*mount;
  }
  return nullptr;
}

void RemoveMounts(std::vector<oci::Mount>& mounts,
                  std::string_view destination) {
  std::erase_if(mounts, [&](const oci::Mount& mount) {
    return CleanPath(mount.destination) == destination;
  });
}

void RemoveMountsBelow(std::vector<oci::Mount>& mounts,
                       std::string_view directory) {
  const std::string prefix = std::string(directory) + "/";
  std::erase_if(mounts, [&](const oci::Mount& mount) {
    return absl::StartsWith(CleanPath(mount.destination), prefix);
  });
}

void SetReadOnly(oci::Mount& mount, bool read_only) {
  std::erase_if(mount.options, [](const std::string& option) {
    return option == "ro" || option == "rw";
  });
  mount.options.push_back(read_only ? "ro" : "rw");
}

}  // namespace sysbox::syscont
