#include "sysbox/linux/mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

// The error messages waiting in a filesystem context, "; " between. Each
// read(2) takes one, "e overlay: no such option"; ENODATA ends them.
std::string ReadContextErrors(FdRef context) {
  constexpr std::string_view kError = "e ";
  std::string text;
  char buffer[1024];
  ssize_t size;
  while ((size = TEMP_FAILURE_RETRY(
              read(context.get(), buffer, sizeof buffer))) > 0) {
    std::string_view message(buffer, static_cast<size_t>(size));
    if (message.substr(0, kError.size()) != kError) continue;  // "w ", "i "
    message.remove_prefix(kError.size());
    while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
    if (!text.empty()) text += "; ";
    text += message;
  }
  return text;
}

absl::Status SetAttributes(FdRef mount, mount_attr* attributes,
                           bool recursive) {
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
  return SyscallStatus(
      mount_setattr(mount.get(), "", flags, attributes, sizeof *attributes),
      "mount_setattr");
}

// Why the kernel may have refused an id-mapping; empty if it speaks for itself.
std::string_view IdMapHint(int error_number) {
  switch (error_number) {
    case EINVAL:
      return "the filesystem cannot be id-mapped, or the mount is attached";
    case EPERM:
      return "already id-mapped, or the filesystem's or the namespace's owner "
             "is out of reach";
    default:
      return "";
  }
}

}  // namespace

absl::Status FilesystemContext::Failure(int error_number,
                                        const std::string& what) const {
  const std::string messages = ReadContextErrors(fd_);
  return ErrnoStatus(error_number,
                     fmt::format("{} {}{}{}", what, type_,
                                 messages.empty() ? "" : ": ", messages));
}

absl::StatusOr<FilesystemContext> FilesystemContext::Open(
    const std::string& type) {
  const int fd = fsopen(type.c_str(), FSOPEN_CLOEXEC);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "fsopen", type));
  return FilesystemContext(Fd(fd), type);
}

absl::Status FilesystemContext::SetFlag(const std::string& key) {
  if (fsconfig(fd_.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return Failure(error, fmt::format("set {} of", key));
}

absl::Status FilesystemContext::SetString(const std::string& key,
                                          const std::string& value) {
  // The kernel's EINVAL would not say why.
  constexpr size_t kMaxValue = 255;
  if (value.size() > kMaxValue) {
    return ErrnoStatus(
        EINVAL, fmt::format("set {} of {}: value of {} bytes, at most {}", key,
                            type_, value.size(), kMaxValue));
  }
  if (fsconfig(fd_.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) ==
      0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return Failure(error, fmt::format("set {}={} of", key, value));
}

absl::Status FilesystemContext::SetFd(const std::string& key, FdRef fd) {
  if (fsconfig(fd_.get(), FSCONFIG_SET_FD, key.c_str(), nullptr, fd.get()) ==
      0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return Failure(error,
                 fmt::format("set {} to descriptor {} of", key, fd.get()));
}

absl::Status FilesystemContext::Create() {
  if (TEMP_FAILURE_RETRY(
          fsconfig(fd_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0)) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return Failure(error, "create");
}

absl::StatusOr<DetachedMount> FilesystemContext::Mount(uint64_t attributes) {
  const int fd =
      fsmount(fd_.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes));
  if (fd >= 0) return DetachedMount(Fd(fd));
  const int error = errno;
  return Failure(error, "fsmount");
}

absl::StatusOr<DetachedMount> NewFilesystem(
    const std::string& type, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes) {
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context,
                          FilesystemContext::Open(type));
  return FinishFilesystem(std::move(context), source, options, attributes);
}

absl::StatusOr<DetachedMount> FinishFilesystem(
    FilesystemContext context, const std::string& source,
    const std::vector<FilesystemOption>& options, uint64_t attributes) {
  if (!source.empty()) {
    SYSBOX_RETURN_IF_ERROR(context.SetString("source", source));
  }
  for (const FilesystemOption& option : options) {
    SYSBOX_RETURN_IF_ERROR(option.value.empty()
                               ? context.SetFlag(option.key)
                               : context.SetString(option.key, option.value));
  }
  SYSBOX_RETURN_IF_ERROR(context.Create());
  return context.Mount(attributes);
}

absl::StatusOr<DetachedMount> CloneTree(FdRef at, std::string_view path,
                                        bool recursive) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                         (path.empty() ? AT_EMPTY_PATH : 0u) |
                         (recursive ? AT_RECURSIVE : 0u);
  const int fd =
      TEMP_FAILURE_RETRY(open_tree(at.get(), std::string(path).c_str(), flags));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "open_tree", path));
  return DetachedMount(Fd(fd));
}

absl::StatusOr<DetachedMount> CloneEntry(FdRef directory,
                                         const std::string& name,
                                         bool recursive) {
  if (name.empty() || name.find('/') != std::string::npos) {
    return ErrnoStatus(EINVAL, name);
  }
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                         AT_SYMLINK_NOFOLLOW | (recursive ? AT_RECURSIVE : 0u);
  const int fd =
      TEMP_FAILURE_RETRY(open_tree(directory.get(), name.c_str(), flags));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "open_tree", name));
  return DetachedMount(Fd(fd));
}

absl::Status SetMountAttributes(FdRef mount, const MountAttributes& attributes,
                                bool recursive) {
  mount_attr attr = {};
  attr.attr_set = attributes.set;
  attr.attr_clr = attributes.clear;
  attr.propagation = attributes.propagation;
  return SetAttributes(mount, &attr, recursive);
}

absl::StatusOr<uint64_t> AccessAttributesOf(FdRef file) {
  struct statfs fs = {};
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      TEMP_FAILURE_RETRY(fstatfs(file.get(), &fs)), "statfs descriptor"));
  constexpr struct {
    unsigned long statfs_flag;
    uint64_t attribute;
  } kFlags[] = {{ST_RDONLY, MOUNT_ATTR_RDONLY},
                {ST_NOSUID, MOUNT_ATTR_NOSUID},
                {ST_NODEV, MOUNT_ATTR_NODEV},
                {ST_NOEXEC, MOUNT_ATTR_NOEXEC}};
  uint64_t attributes = 0;
  for (const auto& flag : kFlags) {
    if ((static_cast<unsigned long>(fs.f_flags) & flag.statfs_flag) != 0) {
      attributes |= flag.attribute;
    }
  }
  return attributes;
}

absl::Status IdMapMount(FdRef mount, FdRef user_namespace, bool recursive) {
  mount_attr attr = {};
  attr.attr_set = MOUNT_ATTR_IDMAP;
  attr.userns_fd = static_cast<uint64_t>(user_namespace.get());
  const absl::Status status = SetAttributes(mount, &attr, recursive);
  if (status.ok()) return status;
  struct statfs fs = {};
  (void)fstatfs(mount.get(), &fs);  // only for the text
  const std::string_view hint = IdMapHint(ErrnoOf(status));
  return Annotate(status, fmt::format("id-map mount of filesystem {:#x}{}{}{}",
                                      static_cast<uint64_t>(fs.f_type),
                                      hint.empty() ? "" : " (", hint,
                                      hint.empty() ? "" : ")"));
}

absl::Status AttachMount(const DetachedMount& mount, FdRef target) {
  return SyscallStatus(
      move_mount(mount.fd().get(), "", target.get(), "",
                 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
      "move_mount");
}

absl::Status AttachMountBelow(const DetachedMount& mount, FdRef base,
                              const std::string& path) {
  return SyscallStatus(move_mount(mount.fd().get(), "", base.get(),
                                  path.c_str(), MOVE_MOUNT_F_EMPTY_PATH),
                       "move_mount", path);
}

absl::Status RefreshFilesystem(FdRef root) {
  const Fd context(fspick(root.get(), "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(context.get(), "fspick"));
  return SyscallStatus(
      TEMP_FAILURE_RETRY(fsconfig(context.get(), FSCONFIG_CMD_RECONFIGURE,
                                  nullptr, nullptr, 0)),
      "fsconfig reconfigure");
}

absl::Status UnmountDetached(const std::string& path) {
  return SyscallStatus(umount2(path.c_str(), MNT_DETACH), "umount", path);
}

absl::Status PivotRoot(FdRef root) {
  const Fd old_root(
      TEMP_FAILURE_RETRY(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(old_root.get(), "open", "/"));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fchdir(root.get()), "fchdir new root"));
  // pivot_root(2), NOTES: the old root ends up stacked on the new one.
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(syscall(SYS_pivot_root, ".", "."), "pivot_root"));
  // mount(2), unlike umount(2), would take "." for the new root below it.
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(fchdir(old_root.get()), "fchdir old root"));
  // Should the old root be shared, its unmounting must not reach the host.
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(
      mount("", ".", "", MS_SLAVE | MS_REC, nullptr), "make old root a slave"));
  SYSBOX_RETURN_IF_ERROR(
      SyscallStatus(umount2(".", MNT_DETACH), "umount old root"));
  return SyscallStatus(chdir("/"), "chdir /");
}

absl::Status MoveRoot(FdRef root) {
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fchdir(root.get()), "fchdir new root"));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(mount(".", "/", "", MS_MOVE, nullptr),
                                       "move mount onto /"));
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(chroot("."), "chroot"));
  return SyscallStatus(chdir("/"), "chdir /");
}

}  // namespace sysbox
