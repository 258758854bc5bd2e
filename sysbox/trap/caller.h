// Who made a trapped call: its memory, credentials, files and place in the
// file system, opened by thread id and checked to be still the caller's.
// Nothing it says about itself is believed twice: what is read, is read once.
// For one thread.
#ifndef SYSBOX_TRAP_CALLER_H_
#define SYSBOX_TRAP_CALLER_H_

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process_memory.h"
#include "sysbox/seccomp/notify_port.h"

namespace sysbox::trap {

// Of the calling thread; ids are the host's.
struct CallerIdentity {
  pid_t process = 0;  // thread group
  uid_t filesystem_uid = 0;
  gid_t filesystem_gid = 0;
  std::vector<gid_t> groups;
  CapabilitySet effective = 0;  // in its own user namespace
  mode_t umask = 0;

  bool Can(int capability) const { return Contains(effective, capability); }
};
// /proc/TID/status.
absl::StatusOr<CallerIdentity> ParseCallerIdentity(std::string_view status);

// Whether `maps` has names for both of a file's owners: the right to override
// permissions ends where it has not (the kernel's capable_wrt_inode_uidgid).
bool Knows(const IdMaps& maps, uid_t uid, gid_t gid);

struct CallerNamespaces {
  NamespaceId user;
  NamespaceId mounts;
  NamespaceId network;
  NamespaceId pids;
};

// ESRCH from any call: the caller is gone and wants no answer.
class Caller {
 public:
  // Borrows both.
  Caller(const seccomp::NotifyPort& port,
         const seccomp::Notification& notification)
      : port_(port), call_(notification) {}

  pid_t tid() const { return call_.tid; }
  uint64_t arg(int index) const { return call_.args[index]; }
  uint32_t arch() const { return call_.arch; }
  bool Waits() const { return port_.Waits(call_.id); }

  // Reads what all of these arguments point to at once, if it can: for as many
  // of the next ReadString as find their strings there.
  void Prefetch(std::initializer_list<int> arguments) const;
  // Likewise, and its capabilities: one check that it waits is for both.
  void PrefetchWithCapabilities(std::initializer_list<int> arguments) const;
  // The path that argument `index` points to; ENAMETOOLONG beyond PATH_MAX.
  absl::StatusOr<std::string> ReadPath(int index) const;
  absl::StatusOr<std::string> ReadString(uint64_t address, size_t limit) const;
  absl::StatusOr<std::string> Read(uint64_t address, size_t size) const;
  // As much of `limit` bytes as there is, up to where memory ends.
  absl::StatusOr<std::string> ReadUpTo(uint64_t address, size_t limit) const;
  absl::Status Write(uint64_t address, std::string_view data) const;

  // Read at the first call.
  absl::StatusOr<CallerIdentity> Identity() const;
  // The effective ones in its own user namespace alone: a tenth of the time.
  // Read at the first call.
  absl::StatusOr<CapabilitySet> Capabilities() const;
  // O_PATH descriptors of its root, working directory and open files. EBADF
  // for what is not open.
  absl::StatusOr<Fd> Root() const;
  absl::StatusOr<Fd> WorkingDirectory() const;
  absl::StatusOr<Fd> File(int descriptor) const;
  absl::StatusOr<Fd> Namespace(NamespaceType type) const;
  // Looked up at the first call.
  absl::StatusOr<NamespaceId> UserNamespace() const;
  absl::StatusOr<CallerNamespaces> Namespaces() const;
  // The maps of its user namespace, onto the host's ids.
  absl::StatusOr<IdMaps> IdMapsOfNamespace() const;
  // /proc/TID/mountinfo, open.
  absl::StatusOr<Fd> OpenMountInfo() const;
  // A file of /proc/TID, read whole.
  absl::StatusOr<std::string> ReadProc(std::string_view name) const;

 private:
  absl::StatusOr<Fd> OpenProc(std::string_view name, int flags) const;
  absl::Status StillWaits() const;
  absl::StatusOr<std::vector<MemoryPiece>> ReadArguments(
      std::initializer_list<int> arguments) const;

  const seccomp::NotifyPort& port_;
  const seccomp::Notification& call_;
  mutable std::vector<MemoryPiece> prefetched_;
  mutable std::optional<CallerIdentity> identity_;
  mutable std::optional<CapabilitySet> capabilities_;
  mutable std::optional<NamespaceId> user_namespace_;
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_CALLER_H_
