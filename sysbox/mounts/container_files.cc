#include "sysbox/mounts/container_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/target_path.h"
#include "sysbox/oci/mount_options.h"

namespace sysbox::mounts {
namespace {

constexpr size_t kMaxConfig = size_t{64} << 10;

}  // namespace

ContainerFiles::ContainerFiles(FdRef rootfs) : rootfs_(rootfs) {
  const auto path = ReadLink(ProcPath(rootfs));
  rootfs_path_ = path.ok() && *path != "/" ? *path : "";
}

ContainerFiles::ContainerFiles(FdRef rootfs,
                               const std::vector<oci::Mount>& mounts,
                               std::string_view bundle)
    : ContainerFiles(rootfs) {
  for (const oci::Mount& entry : mounts) {
    const oci::MountOptions options = oci::ParseMountOptions(entry.options);
    Mount mount;
    mount.target = CleanPath(entry.destination);
    mount.read_only = ((options.attributes_set | options.recursive_set) &
                       MOUNT_ATTR_RDONLY) != 0;
    if (entry.type == "bind" || options.bind) {
      mount.source = entry.source.starts_with('/')
                         ? entry.source
                         : fmt::format("{}/{}", bundle, entry.source);
    }
    mounts_.push_back(std::move(mount));
  }
}

// The last of the longest: later mounts lie on top.
const ContainerFiles::Mount* ContainerFiles::Covering(
    const std::string& path) const {
  if (!std::exchange(resolved_, true)) {
    for (Mount& mount : mounts_) mount.target = Resolve(mount.target);
  }
  const Mount* found = nullptr;
  for (const Mount& mount : mounts_) {
    if (path != mount.target && !IsBelow(path, mount.target)) continue;
    if (found == nullptr || mount.target.size() >= found->target.size()) {
      found = &mount;
    }
  }
  return found;
}

// "" if it is not there, or not below the rootfs any more.
std::string ContainerFiles::RealPath(const std::string& path) const {
  // Mostly there is no link in it.
  if (CleanPath(path) == path && path.find('\0') == std::string::npos) {
    const auto plain = OpenAt2(rootfs_, path, {.flags = O_PATH},
                               RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    if (plain.ok()) return path;
    if (ErrnoOf(plain.status()) == ENOENT) return "";
  }
  const auto opened = OpenInRoot(rootfs_, path, {.flags = O_PATH});
  if (!opened.ok()) return "";
  const auto real = ReadLink(ProcPath(*opened));
  if (!real.ok()) return "";
  if (*real == (rootfs_path_.empty() ? "/" : rootfs_path_)) return "/";
  return IsBelow(*real, rootfs_path_) ? real->substr(rootfs_path_.size()) : "";
}

std::string ContainerFiles::Resolve(std::string_view path) const {
  std::string existing(path), rest;
  while (existing.size() > 1) {
    const std::string real = RealPath(existing);
    if (real == "/" && !rest.empty()) return rest;
    if (!real.empty()) return real + rest;
    const size_t slash = existing.rfind('/');
    rest = existing.substr(slash) + rest;
    existing.resize(slash);
  }
  return rest.empty() ? std::string(path) : rest;
}

ContainerFiles::OnHost ContainerFiles::FindOnHost(
    const std::string& path) const {
  const Mount* mount = Covering(path);
  if (mount == nullptr || mount->source.empty()) return {};
  return {mount->source, path.substr(mount->target.size()), mount->read_only};
}

absl::StatusOr<Fd> ContainerFiles::OpenPath(std::string_view path,
                                            int flags) const {
  const Mount* mount =
      mounts_.empty() ? nullptr : Covering(Resolve(CleanPath(path)));
  if (mount == nullptr) return OpenInRoot(rootfs_, path, {.flags = flags});
  if (mount->source.empty()) return ErrnoStatus(ENOENT, std::string(path));
  const OnHost place = FindOnHost(Resolve(CleanPath(path)));
  if (place.below.empty()) return Open(place.source, {.flags = flags});
  SYSBOX_ASSIGN_OR_RETURN(const Fd source,
                          Open(place.source, {.flags = O_PATH | O_DIRECTORY}));
  return OpenInRoot(source, place.below, {.flags = flags});
}

bool ContainerFiles::Exists(std::string_view path) const {
  return OpenPath(path, O_PATH).ok();
}

std::string ContainerFiles::ReadConfig(std::string_view path) const {
  // Never a FIFO that nobody writes to, or a file without end.
  const auto file = OpenPath(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.ok()) return "";
  const auto found = Stat(*file);
  if (!found.ok() || !S_ISREG(found->st_mode)) return "";
  return ReadAll(*file, kMaxConfig).value_or("");
}

}  // namespace sysbox::mounts
