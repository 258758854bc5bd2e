#include "sysbox/mounts/container_files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

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

ContainerFiles::ContainerFiles(FdRef rootfs,
                               const std::vector<oci::Mount>& mounts,
                               std::string_view bundle)
    : rootfs_(rootfs) {
  for (const oci::Mount& entry : mounts) {
    const oci::MountOptions options = oci::ParseMountOptions(entry.options);
    Mount mount;
    mount.target = Resolve(CleanPath(entry.destination));
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
  const Mount* found = nullptr;
  for (const Mount& mount : mounts_) {
    if (path != mount.target && !IsBelow(path, mount.target)) continue;
    if (found == nullptr || mount.target.size() >= found->target.size()) {
      found = &mount;
    }
  }
  return found;
}

std::string ContainerFiles::Resolve(std::string_view path) const {
  std::string existing(path), rest;
  const auto root = ReadLink(ProcPath(rootfs_));
  while (root.ok() && existing.size() > 1) {
    const auto opened = OpenInRoot(rootfs_, existing, {.flags = O_PATH});
    const auto real = opened.ok() ? ReadLink(ProcPath(*opened))
                                  : absl::StatusOr<std::string>(existing);
    if (opened.ok() && real.ok() && (*real == *root || IsBelow(*real, *root))) {
      return real->substr(*root == "/" ? 0 : root->size()) + rest;
    }
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
