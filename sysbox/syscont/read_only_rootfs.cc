#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/clean_path.h"
#include "sysbox/syscont/mount_list.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

void AddScratch(std::vector<oci::Mount>& mounts, const char* destination,
                const char* mode) {
  if (FindMount(mounts, destination) != nullptr) return;
  oci::Mount mount;
  mount.destination = destination;
  mount.type = "tmpfs";
  mount.source = "tmpfs";
  mount.options = {"rw", "noexec", "nosuid", "nodev", mode, "size=64m"};
  // In front of mounts that lie below it, behind everything else.
  const std::string below = std::string(destination) + "/";
  auto place = mounts.begin();
  while (place != mounts.end() &&
         !CleanPath(place->destination).starts_with(below)) {
    ++place;
  }
  mounts.insert(place, std::move(mount));
}

void SetReadOnlyAt(std::vector<oci::Mount>& mounts, const char* destination,
                   bool read_only) {
  oci::Mount* mount = FindMount(mounts, destination);
  if (mount != nullptr) SetReadOnly(*mount, read_only);
}

}  // namespace

// sysbox-behaviour.md 2.9.
absl::Status PrepareReadOnlyRootfs(oci::Spec& spec, const Inputs& inputs) {
  if (!spec.root->readonly) return absl::OkStatus();
  AddScratch(spec.mounts, "/run", "mode=755");
  AddScratch(spec.mounts, "/tmp", "mode=1777");
  const bool relaxed = inputs.options.relaxed_read_only;
  // Without cgroups that it can make, systemd ends at once and says nothing.
  const bool makes_cgroups = inputs.has_systemd || RunsSystemd(*spec.process);
  SetReadOnlyAt(spec.mounts, "/sys", !relaxed);
  SetReadOnlyAt(spec.mounts, "/sys/fs/cgroup", !relaxed && !makes_cgroups);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
