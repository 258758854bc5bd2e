#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/syscont/mount_list.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

// Where distributions keep systemd, and the names by which images start it.
constexpr std::string_view kSystemdPaths[] = {
    "/sbin/init",    "/usr/sbin/init",       "/bin/init",
    "/usr/bin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd",
    "/bin/systemd",  "/usr/bin/systemd",
};

struct RuntimeDirectory {
  std::string_view path;
  std::vector<std::string> options;
};
std::vector<RuntimeDirectory> RuntimeDirectories() {
  return {
      {"/run", {"rw", "nosuid", "nodev", "mode=755", "size=64m"}},
      {"/run/lock", {"rw", "noexec", "nosuid", "nodev", "size=4m"}},
  };
}

// The user's own tmpfs there (with its size) if he has one; else ours.
oci::Mount TakeOrMake(std::vector<oci::Mount>& mounts,
                      const RuntimeDirectory& directory) {
  oci::Mount mount;
  mount.destination = std::string(directory.path);
  mount.type = "tmpfs";
  mount.source = "tmpfs";
  mount.options = directory.options;
  const oci::Mount* own = FindMount(mounts, directory.path);
  if (own != nullptr && own->type == "tmpfs") mount = *own;
  RemoveMounts(mounts, directory.path);
  return mount;
}

// After the mounts on and below /sys, /proc and /dev that open the list, and
// before the user's, which may lie below /run.
size_t FirstUserMount(const std::vector<oci::Mount>& mounts) {
  const auto is_user = [](const oci::Mount& mount) {
    const std::string path = CleanPath(mount.destination);
    return path != "/sys" && path != "/sys/fs/cgroup" && path != "/proc" &&
           path != "/dev" && !absl::StartsWith(path, "/dev/");
  };
  return static_cast<size_t>(
      std::find_if(mounts.begin(), mounts.end(), is_user) - mounts.begin());
}

void SetContainerVariable(std::vector<std::string>& env) {
  std::erase_if(env, [](const std::string& entry) {
    return absl::StartsWith(entry, "container=");
  });
  env.push_back("container=private-users");
}

void Uncover(std::vector<std::string>& paths) {
  constexpr std::string_view kNeeded[] = {"/run", "/run/lock", "/tmp",
                                          "/sys/kernel"};
  std::erase_if(paths, [&](const std::string& path) {
    return std::find(std::begin(kNeeded), std::end(kNeeded), CleanPath(path)) !=
           std::end(kNeeded);
  });
}

}  // namespace

bool RunsSystemd(const oci::Process& process) {
  if (process.args.empty()) return false;
  const std::string_view program = process.args.front();
  return program == "systemd" || program == "init" ||
         std::find(std::begin(kSystemdPaths), std::end(kSystemdPaths),
                   program) != std::end(kSystemdPaths);
}

absl::Status PrepareForSystemd(oci::Spec& spec, const Inputs&) {
  if (!RunsSystemd(*spec.process)) return absl::OkStatus();
  std::vector<oci::Mount> ours;
  for (const RuntimeDirectory& directory : RuntimeDirectories()) {
    ours.push_back(TakeOrMake(spec.mounts, directory));
  }
  const auto place =
      spec.mounts.begin() + static_cast<ptrdiff_t>(FirstUserMount(spec.mounts));
  spec.mounts.insert(place, std::make_move_iterator(ours.begin()),
                     std::make_move_iterator(ours.end()));
  SetContainerVariable(spec.process->env);
  Uncover(spec.linux->masked_paths);
  Uncover(spec.linux->readonly_paths);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
