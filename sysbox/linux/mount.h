// The new mount API as owned objects: fsopen(2), fsconfig(2), fsmount(2),
// open_tree(2), mount_setattr(2), move_mount(2), umount2(2), pivot_root(2).
// No path of a container is resolved here: targets are descriptors.
#ifndef SYSBOX_LINUX_MOUNT_H_
#define SYSBOX_LINUX_MOUNT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// A mount that is attached nowhere; it goes away with its last descriptor.
// Closing an unattached open_tree clone waits for an RCU grace period
// (performance.md): attach what was cloned.
class DetachedMount {
 public:
  DetachedMount() = default;
  explicit DetachedMount(Fd fd) : fd_(std::move(fd)) {}
  FdRef fd() const { return fd_; }
  bool valid() const { return fd_.valid(); }
  Fd Release() { return std::move(fd_); }

 private:
  Fd fd_;
};

// MOUNT_ATTR_* to set and clear, and MS_SHARED, MS_SLAVE, MS_PRIVATE or
// MS_UNBINDABLE (0: leave).
struct MountAttributes {
  uint64_t set = 0;
  uint64_t clear = 0;
  uint64_t propagation = 0;
};

// A filesystem configuration context (fsopen). Errors carry the kernel's own
// message read from the context's log.
class FilesystemContext {
 public:
  static absl::StatusOr<FilesystemContext> Open(const std::string& type);
  // What fsopen(2) of `type` gave.
  FilesystemContext(Fd fd, std::string type)
      : fd_(std::move(fd)), type_(std::move(type)) {}
  absl::Status SetFlag(const std::string& key);
  // At most 255 bytes (the kernel's limit for one value): pass long paths as
  // descriptors or ProcPath, long lists one by one ("lowerdir+").
  absl::Status SetString(const std::string& key, const std::string& value);
  absl::Status SetFd(const std::string& key, FdRef fd);
  absl::Status Create();  // FSCONFIG_CMD_CREATE
  // fsmount(2) with MOUNT_ATTR_* `attributes`.
  absl::StatusOr<DetachedMount> Mount(uint64_t attributes);

 private:
  absl::Status Failure(int error_number, const std::string& what) const;
  Fd fd_;
  std::string type_;
};

struct FilesystemOption {
  std::string key;
  std::string value;  // empty: a flag
};
// Sets every option (source as the "source" key), Create, Mount.
absl::StatusOr<DetachedMount> FinishFilesystem(
    FilesystemContext context, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes);
// From Open on.
absl::StatusOr<DetachedMount> NewFilesystem(
    const std::string& type, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes);

// open_tree(OPEN_TREE_CLONE). An empty `path` clones what `at` itself names.
absl::StatusOr<DetachedMount> CloneTree(FdRef at, std::string_view path,
                                        bool recursive);

// Likewise of an entry of `directory`, not what it may be a link to.
absl::StatusOr<DetachedMount> CloneEntry(FdRef directory,
                                         const std::string& name,
                                         bool recursive);

// mount_setattr(2) on the mount `mount` is the root of.
absl::Status SetMountAttributes(FdRef mount, const MountAttributes& attributes,
                                bool recursive);
// MOUNT_ATTR_RDONLY, NOSUID, NODEV and NOEXEC of the mount that `file` lies
// on, as statfs(2) has them: read-only also if the filesystem is.
absl::StatusOr<uint64_t> AccessAttributesOf(FdRef file);
// MOUNT_ATTR_IDMAP (Linux 5.12) by `user_namespace`. The mount must be
// detached. EINVAL where the filesystem cannot.
absl::Status IdMapMount(FdRef mount, FdRef user_namespace, bool recursive);

// move_mount(2) onto what the O_PATH descriptor `target` names. Afterwards
// `mount`'s descriptor names the attached mount.
absl::Status AttachMount(const DetachedMount& mount, FdRef target);
// Onto `path` below `base`, a new file system that only this process reaches.
absl::Status AttachMountBelow(const DetachedMount& mount, FdRef base,
                              const std::string& path);

// Reconfigures the superblock whose mount `root` is the root of, changing no
// option (fspick(2), FSCONFIG_CMD_RECONFIGURE): it lets go of every unused
// cached name, of absent ones too, so that what another superblock over the
// same layers made is seen. Waits, uninterruptibly, for who holds the
// superblock, e.g. syncfs(2). EROFS (but done) on an overlay without an upper.
absl::Status RefreshFilesystem(FdRef root);

absl::Status UnmountDetached(const std::string& path);  // umount2(MNT_DETACH)
// Makes the mount at `root` the mount namespace's root and lets go of the old
// one: fchdir(root), pivot_root(".", "."), umount2(".", MNT_DETACH).
absl::Status PivotRoot(FdRef root);
// For roots that cannot be pivoted from (initramfs): MS_MOVE onto "/", chroot.
absl::Status MoveRoot(FdRef root);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_MOUNT_H_
