// Namespace descriptors: opening, entering, comparing, and user-namespace
// maps. namespaces(7), user_namespaces(7), ioctl_ns(2).
#ifndef SYSBOX_LINUX_NAMESPACES_H_
#define SYSBOX_LINUX_NAMESPACES_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

enum class NamespaceType {
  kUser,
  kMount,
  kPid,
  kNetwork,
  kIpc,
  kUts,
  kCgroup,
  kTime
};
inline constexpr int kNamespaceTypeCount = 8;

// The file below /proc/PID/ns: "user", "mnt", "pid", "net", "ipc", "uts",
// "cgroup", "time".
std::string_view ProcName(NamespaceType type);
// The CLONE_NEW* flag.
uint64_t CloneFlag(NamespaceType type);

// A namespace's identity: device and inode of its nsfs file.
struct NamespaceId {
  uint64_t device = 0;
  uint64_t inode = 0;
  friend bool operator==(const NamespaceId&, const NamespaceId&) = default;
};

absl::StatusOr<Fd> OpenNamespace(pid_t pid, NamespaceType type);
absl::StatusOr<Fd> OpenOwnNamespace(NamespaceType type);
// Opens a namespace file by path and checks that it is one of `type`
// (NS_GET_NSTYPE).
absl::StatusOr<Fd> OpenNamespacePath(std::string_view path, NamespaceType type);
absl::StatusOr<NamespaceId> IdOf(FdRef ns);
// Of the one that `pid` is in, which is not opened for it.
absl::StatusOr<NamespaceId> IdOf(pid_t pid, NamespaceType type);
// The user namespace that owns `ns` (NS_GET_USERNS). EPERM when it lies
// outside the caller's.
absl::StatusOr<Fd> OwningUserNamespace(FdRef ns);
// Whether that is the caller's user namespace.
absl::StatusOr<bool> IsOwnedByUs(FdRef ns);

absl::Status EnterNamespace(FdRef ns, NamespaceType type);  // setns(2)
// Enters several namespaces of a process at once, all or none (setns(2) of a
// pidfd, Linux 5.8). `clone_flags` are CLONE_NEW*.
absl::Status EnterNamespacesOf(FdRef pidfd, uint64_t clone_flags);
absl::Status Unshare(uint64_t clone_flags);  // unshare(2)

// One line of uid_map or gid_map: `size` ids, `inside` onto `outside`.
struct IdMapLine {
  uint32_t inside = 0;
  uint32_t outside = 0;
  uint32_t size = 0;
  friend bool operator==(const IdMapLine&, const IdMapLine&) = default;
};

// Writes /proc/PID/{uid_map,gid_map}. The kernel accepts one write of at most
// 340 lines.
absl::Status WriteUidMap(pid_t pid, absl::Span<const IdMapLine> lines);
absl::Status WriteGidMap(pid_t pid, absl::Span<const IdMapLine> lines);
absl::StatusOr<std::vector<IdMapLine>> ReadUidMap(pid_t pid);
absl::StatusOr<std::vector<IdMapLine>> ReadGidMap(pid_t pid);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_NAMESPACES_H_
