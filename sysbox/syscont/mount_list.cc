#include "sysbox/syscont/mount_list.h"

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/strings.h"

namespace sysbox::syscont {

std::string CleanPath(std::string_view path) {
  std::vector<absl::string_view> clean;
  for (absl::string_view part :
       absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part != "..") {
      clean.push_back(part);
    } else if (!clean.empty()) {
      clean.pop_back();
    }
  }
  return "/" + absl::StrJoin(clean, "/");
}

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
