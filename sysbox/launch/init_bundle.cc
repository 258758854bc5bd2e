#include "sysbox/launch/init_bundle.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/rooted_path.h"

namespace sysbox::launch {
namespace {

constexpr OpenOptions kDirectory = {.flags = O_PATH | O_DIRECTORY};
constexpr mode_t kDirectoryMode = 0755;

// The first directory on the way to `path`, itself included, that we may not
// search; empty if there is none.
std::string FirstClosed(const std::string& path) {
  size_t end = 0;
  while (end != std::string::npos) {
    end = path.find('/', end + 1);
    std::string directory = path.substr(0, end);
    if (ErrnoOf(Open(directory + "/.", kDirectory).status()) == EACCES) {
      return directory;
    }
  }
  return "";
}

absl::Status Cover(const std::string& directory) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd place, Open(directory, kDirectory));
  SYSBOX_ASSIGN_OR_RETURN(
      const DetachedMount cover,
      NewFilesystem("tmpfs", "bundle", {{"mode", "0755"}}, 0));
  return AttachMount(cover, place);
}

// The directory `path` if it had to be made, on a new file system that covers
// what is closed to us; invalid if it is there.
absl::StatusOr<Fd> MakeReachable(const std::string& path) {
  const std::string closed = FirstClosed(path);
  if (!closed.empty()) SYSBOX_RETURN_IF_ERROR(Cover(closed));
  if (Open(path + "/.", kDirectory).ok() && closed != path) return Fd();
  SYSBOX_ASSIGN_OR_RETURN(const Fd top, Open("/", kDirectory));
  return MakeDirectoriesInRoot(top, path, kDirectoryMode);
}

absl::Status WriteConfig(FdRef bundle, const std::string& config) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd file,
      OpenAt(bundle, "config.json",
             {.flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0444}));
  return WriteAll(file, config);
}

}  // namespace

absl::Status ShowBundle(const LaunchPlan& plan) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd bundle, MakeReachable(plan.bundle.path));
  if (bundle.valid()) {
    SYSBOX_RETURN_IF_ERROR(WriteConfig(bundle, plan.bundle.config));
  }
  SYSBOX_ASSIGN_OR_RETURN(const Fd rootfs,
                          MakeReachable(plan.mounts.rootfs.path));
  return rootfs.valid() ? ChangeDirectory(rootfs) : absl::OkStatus();
}

}  // namespace sysbox::launch
