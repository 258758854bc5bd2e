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

bool IsSystemd(std::string_view program) {
  return program == "systemd" || program == "init" ||
         std::find(std::begin(kSystemdPaths), std::end(kSystemdPaths),
                   program) != std::end(kSystemdPaths);
}

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

// systemd shares all mounts between its services, Kubernetes and engines count
// on that, but leaves it to the manager in a container. Shared with namespaces
// inside only: what comes from the host is its slave.
void ShareMounts(oci::Linux& linux) {
  if (linux.rootfs_propagation.empty()) linux.rootfs_propagation = "rshared";
}

// `docker run --init`, Podman's likewise, puts a reaper in front. systemd is
// one itself, and nothing but a client of another when it is not process 1.
void TakeOffEnginesInit(oci::Process& process) {
  constexpr std::string_view kInits[] = {"/sbin/docker-init", "/dev/init",
                                         "/run/podman-init"};
  std::vector<std::string>& args = process.args;
  if (args.size() < 3 || args[1] != "--" || !IsSystemd(args[2])) return;
  if (std::find(std::begin(kInits), std::end(kInits), args[0]) !=
      std::end(kInits)) {
    args.erase(args.begin(), args.begin() + 2);
  }
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
  return !process.args.empty() && IsSystemd(process.args.front());
}

absl::Status PrepareForSystemd(oci::Spec& spec, const Inputs& inputs) {
  TakeOffEnginesInit(*spec.process);
  const bool runs_systemd = RunsSystemd(*spec.process);
  if (!runs_systemd && !inputs.has_systemd) return absl::OkStatus();
  // What it starts may be a script that will turn into systemd.
  SetContainerVariable(spec.process->env);
  ShareMounts(*spec.linux);
  if (!runs_systemd) return absl::OkStatus();
  std::vector<oci::Mount> ours;
  for (const RuntimeDirectory& directory : RuntimeDirectories()) {
    ours.push_back(TakeOrMake(spec.mounts, directory));
  }
  const auto place =
      spec.mounts.begin() + static_cast<ptrdiff_t>(FirstUserMount(spec.mounts));
  spec.mounts.insert(place, std::make_move_iterator(ours.begin()),
                     std::make_move_iterator(ours.end()));
  Uncover(spec.linux->masked_paths);
  Uncover(spec.linux->readonly_paths);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
