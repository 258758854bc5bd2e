#include "sysbox/linux/namespaces.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <limits>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace sysbox {
namespace {

struct NamespaceRow {
  NamespaceType type;
  std::string_view name;
  int flag;
};

constexpr NamespaceRow kNamespaces[] = {
    {NamespaceType::kUser, "user", CLONE_NEWUSER},
    {NamespaceType::kMount, "mnt", CLONE_NEWNS},
    {NamespaceType::kPid, "pid", CLONE_NEWPID},
    {NamespaceType::kNetwork, "net", CLONE_NEWNET},
    {NamespaceType::kIpc, "ipc", CLONE_NEWIPC},
    {NamespaceType::kUts, "uts", CLONE_NEWUTS},
    {NamespaceType::kCgroup, "cgroup", CLONE_NEWCGROUP},
    {NamespaceType::kTime, "time", CLONE_NEWTIME},
};

constexpr bool IndexedByType() {
  int index = 0;
  for (const NamespaceRow& row : kNamespaces) {
    if (static_cast<int>(row.type) != index++) return false;
  }
  return index == kNamespaceTypeCount;
}
static_assert(IndexedByType());

const NamespaceRow& Row(NamespaceType type) {
  return kNamespaces[static_cast<int>(type)];
}

absl::Status WriteMap(pid_t pid, std::string_view file,
                      absl::Span<const IdMapLine> lines) {
  // What Linux takes in one write: UID_GID_MAP_MAX_EXTENTS.
  constexpr size_t kMaxLines = 340;
  if (lines.empty() || lines.size() > kMaxLines) {
    return InvalidArgument("{} of {} lines: 1 to {} allowed", file,
                           lines.size(), kMaxLines);
  }
  std::string text;
  for (const IdMapLine& line : lines) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", line.inside,
                   line.outside, line.size);
  }
  return WriteExisting(fmt::format("/proc/{}/{}", pid, file), text);
}

bool ParseId(absl::string_view field, uint32_t* id) {
  const auto number = ParseUint64(ToStd(field));
  if (!number || *number > std::numeric_limits<uint32_t>::max()) return false;
  *id = static_cast<uint32_t>(*number);
  return true;
}

absl::StatusOr<std::vector<IdMapLine>> ReadMap(pid_t pid,
                                               std::string_view file) {
  const std::string path = fmt::format("/proc/{}/{}", pid, file);
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<IdMapLine> lines;
  for (absl::string_view row : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields =
        absl::StrSplit(row, ' ', absl::SkipEmpty());
    IdMapLine line;
    if (fields.size() != 3 || !ParseId(fields[0], &line.inside) ||
        !ParseId(fields[1], &line.outside) || !ParseId(fields[2], &line.size)) {
      return InvalidArgument("{}: unexpected line \"{}\"", path, ToStd(row));
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string_view ProcName(NamespaceType type) { return Row(type).name; }

uint64_t CloneFlag(NamespaceType type) {
  return static_cast<uint64_t>(Row(type).flag);
}

absl::StatusOr<Fd> OpenNamespace(pid_t pid, NamespaceType type) {
  return Open(fmt::format("/proc/{}/ns/{}", pid, ProcName(type)),
              {.flags = O_RDONLY});
}

absl::StatusOr<Fd> OpenOwnNamespace(NamespaceType type) {
  return Open(fmt::format("/proc/thread-self/ns/{}", ProcName(type)),
              {.flags = O_RDONLY});
}

absl::StatusOr<Fd> OpenNamespacePath(std::string_view path,
                                     NamespaceType type) {
  // O_NONBLOCK: a FIFO must not block us.
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, Open(path, {.flags = kFlags}));
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t magic, FilesystemMagic(fd));
  // Asked before the ioctl, whose number may mean anything to a device.
  if (magic != NSFS_MAGIC) return InvalidArgument("{}: not a namespace", path);
  const int flag = ioctl(fd.get(), NS_GET_NSTYPE);
  if (flag < 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("ioctl NS_GET_NSTYPE {}", path));
  }
  if (flag != Row(type).flag) {
    return InvalidArgument("{}: not a {} namespace", path, ProcName(type));
  }
  return fd;
}

absl::StatusOr<NamespaceId> IdOf(FdRef ns) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(ns), "namespace");
  return NamespaceId{.device = found.st_dev, .inode = found.st_ino};
}

absl::StatusOr<NamespaceId> IdOf(pid_t pid, NamespaceType type) {
  SYSBOX_ASSIGN_OR_RETURN(
      const struct stat found,
      StatAt(FdRef::Cwd(), fmt::format("/proc/{}/ns/{}", pid, ProcName(type))));
  return NamespaceId{.device = found.st_dev, .inode = found.st_ino};
}

absl::StatusOr<Fd> OwningUserNamespace(FdRef ns) {
  const int fd = ioctl(ns.get(), NS_GET_USERNS);  // close-on-exec by itself
  if (fd >= 0) return Fd(fd);
  const int error = errno;
  return ErrnoStatus(error, "ioctl NS_GET_USERNS");
}

absl::StatusOr<bool> IsOwnedByUs(FdRef ns) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd owner, OwningUserNamespace(ns));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId id, IdOf(owner));
  SYSBOX_ASSIGN_OR_RETURN(const Fd own, OpenOwnNamespace(NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId own_id, IdOf(own));
  return id == own_id;
}

absl::Status EnterNamespace(FdRef ns, NamespaceType type) {
  if (setns(ns.get(), Row(type).flag) == 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, fmt::format("setns {}", ProcName(type)));
}

absl::Status EnterNamespacesOf(FdRef pidfd, uint64_t clone_flags) {
  if (setns(pidfd.get(), static_cast<int>(clone_flags)) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  return ErrnoStatus(error, fmt::format("setns of pidfd {:#x}", clone_flags));
}

absl::Status Unshare(uint64_t clone_flags) {
  if (unshare(static_cast<int>(clone_flags)) == 0) return absl::OkStatus();
  const int error = errno;
  return ErrnoStatus(error, fmt::format("unshare {:#x}", clone_flags));
}

absl::Status WriteUidMap(pid_t pid, absl::Span<const IdMapLine> lines) {
  return WriteMap(pid, "uid_map", lines);
}
absl::Status WriteGidMap(pid_t pid, absl::Span<const IdMapLine> lines) {
  return WriteMap(pid, "gid_map", lines);
}
absl::StatusOr<std::vector<IdMapLine>> ReadUidMap(pid_t pid) {
  return ReadMap(pid, "uid_map");
}
absl::StatusOr<std::vector<IdMapLine>> ReadGidMap(pid_t pid) {
  return ReadMap(pid, "gid_map");
}

}  // namespace sysbox
