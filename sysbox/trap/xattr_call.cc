#include "sysbox/trap/xattr_call.h"

#include <fcntl.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/linux/extended_attributes.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/trap/callers_place.h"

namespace sysbox::trap {
namespace {

constexpr std::string_view kName = "trusted.overlay.opaque";
constexpr size_t kNameLimit = 256;   // XATTR_NAME_MAX + 1
constexpr size_t kValueLimit = 256;  // overlay's values have one byte

enum class Operation { kGet, kSet, kRemove };

Operation OperationOf(std::string_view name) {
  if (name.find("set") != std::string_view::npos) return Operation::kSet;
  if (name.find("get") != std::string_view::npos) return Operation::kGet;
  return Operation::kRemove;
}

absl::StatusOr<Fd> OpenTarget(const TrappedCall& call) {
  const Caller& caller = call.caller;
  const char variant = call.row.name[0];
  if (variant == 'f') return caller.File(static_cast<int>(caller.arg(0)));
  SYSBOX_ASSIGN_OR_RETURN(std::string path, caller.ReadPath(0));
  return OpenAsCaller(caller, AT_FDCWD, path, variant == 'l' ? O_NOFOLLOW : 0);
}

// The owner's right, were there one to this attribute in a user namespace.
absl::Status CheckOwned(const TrappedCall& call, FdRef target) {
  SYSBOX_ASSIGN_OR_RETURN(struct stat status, Stat(target));
  SYSBOX_ASSIGN_OR_RETURN(IdMaps maps, call.caller.IdMapsOfNamespace());
  if (Knows(maps, status.st_uid, status.st_gid)) return absl::OkStatus();
  return ErrnoStatus(EPERM, "owner is unknown to the caller");
}

absl::StatusOr<int64_t> Get(const TrappedCall& call, FdRef target) {
  SYSBOX_ASSIGN_OR_RETURN(std::string value,
                          GetExtendedAttribute(target, std::string(kName)));
  const uint64_t size = call.caller.arg(3);
  if (size == 0) return static_cast<int64_t>(value.size());
  if (size < value.size()) return ErrnoStatus(ERANGE, kName);
  SYSBOX_RETURN_IF_ERROR(call.caller.Write(call.caller.arg(2), value));
  return static_cast<int64_t>(value.size());
}

absl::StatusOr<int64_t> Remove(FdRef target, bool begun) {
  const absl::Status removed =
      RemoveExtendedAttribute(target, std::string(kName));
  if (removed.ok() || (begun && ErrnoOf(removed) == ENODATA)) return 0;
  return removed;
}

absl::StatusOr<int64_t> Set(const TrappedCall& call, FdRef target, bool begun) {
  const Caller& caller = call.caller;
  const size_t size = caller.arg(3);
  if (size > kValueLimit) return ErrnoStatus(ERANGE, kName);
  SYSBOX_ASSIGN_OR_RETURN(std::string value, caller.Read(caller.arg(2), size));
  const absl::Status set = SetExtendedAttribute(
      target, std::string(kName), value, static_cast<int>(caller.arg(4)));
  if (set.ok() || (begun && ErrnoOf(set) == EEXIST)) return 0;
  return set;
}

absl::StatusOr<int64_t> Act(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd target, OpenTarget(call));
  SYSBOX_RETURN_IF_ERROR(CheckOwned(call, target));
  const Operation operation = OperationOf(call.row.name);
  if (operation == Operation::kGet) return Get(call, target);
  // What a predecessor did before it died is not there, or there, already.
  const bool begun = call.progress.earlier() != 0;
  call.progress.Note(1);
  if (operation == Operation::kRemove) return Remove(target, begun);
  return Set(call, target, begun);
}

}  // namespace

Verdict Xattr(const TrappedCall& call) {
  absl::StatusOr<std::string> name =
      call.caller.ReadString(call.caller.arg(1), kNameLimit);
  if (!name.ok() || *name != kName) return LetKernel();
  // To others the attribute is not there to be read, nor theirs to write.
  absl::StatusOr<CallerIdentity> identity = call.caller.Identity();
  if (!identity.ok()) return Fail(identity.status(), EPERM);
  if (!identity->Can(CAP_SYS_ADMIN)) return LetKernel();
  absl::StatusOr<int64_t> done = Act(call);
  return done.ok() ? Return(*done) : Fail(done.status(), EPERM);
}

}  // namespace sysbox::trap
