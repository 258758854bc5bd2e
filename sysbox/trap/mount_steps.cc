#include "sysbox/trap/mount_steps.h"

#include <fcntl.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/replicas.h"

namespace sysbox::trap {

absl::Status KernelsOwn() { return absl::UnimplementedError("the kernel's"); }

Verdict ToVerdict(const absl::Status& done) {
  if (done.ok()) return Return(0);
  if (absl::IsUnimplemented(done) && ErrnoOf(done) == 0) return LetKernel();
  return Fail(done, EPERM);
}

absl::Status CheckAdministers(const TrappedCall& call,
                              const KnownNamespace& ns) {
  SYSBOX_ASSIGN_OR_RETURN(CallerIdentity identity, call.caller.Identity());
  if (!identity.Can(CAP_SYS_ADMIN)) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId user, call.caller.UserNamespace());
  return user == ns.owner ? absl::OkStatus() : KernelsOwn();
}

absl::Status CheckAdministers(const TrappedCall& call, FdRef ns) {
  SYSBOX_ASSIGN_OR_RETURN(const KnownNamespace known, Know(ns));
  return CheckAdministers(call, known);
}

absl::StatusOr<Fd> OpenMountNamespace(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(Fd ns, call.caller.Namespace(NamespaceType::kMount));
  SYSBOX_RETURN_IF_ERROR(CheckAdministers(call, ns));
  return ns;
}

absl::StatusOr<Fd> OpenPath(const TrappedCall& call, int argument, int flags) {
  absl::StatusOr<std::string> path = call.caller.ReadPath(argument);
  // Also what only the kernel can read: a page of a file that a process inside
  // serves, which hears nobody from outside.
  if (!path.ok()) return KernelsOwn();
  absl::StatusOr<Fd> file = OpenAsCaller(call.caller, AT_FDCWD, *path, flags);
  if (!file.ok()) return KernelsOwn();
  return file;
}

absl::StatusOr<std::string> ReadMountData(const TrappedCall& call) {
  constexpr size_t kPage = 4096;
  const uint64_t address = call.caller.arg(4);
  if (address == 0) return std::string();
  absl::StatusOr<std::string> data = call.caller.ReadUpTo(address, kPage);
  if (!data.ok()) return KernelsOwn();
  data->resize(std::min(data->find('\0'), std::min(data->size(), kPage - 1)));
  return data;
}

absl::StatusOr<std::string> ReadMountSource(const TrappedCall& call,
                                            std::string_view type) {
  constexpr size_t kMaxParameter = 256;  // fsconfig(2)
  const uint64_t address = call.caller.arg(0);
  if (address == 0) return std::string();
  absl::StatusOr<std::string> source = call.caller.ReadPath(0);
  if (!source.ok()) return KernelsOwn();
  return source->size() < kMaxParameter ? *source : std::string(type);
}

absl::StatusOr<std::vector<MountInfo>> CallersMounts(const TrappedCall& call) {
  SYSBOX_ASSIGN_OR_RETURN(std::string text, call.caller.ReadProc("mountinfo"));
  return ParseMountInfo(text);
}

absl::StatusOr<Dressed> FindDressed(const TrappedCall& call, FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(bool root, IsMountRoot(file));
  if (!root) return KernelsOwn();
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t id, MountIdOf(file));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<MountInfo> mounts, CallersMounts(call));
  const auto base =
      std::find_if(mounts.begin(), mounts.end(), [id](const MountInfo& mount) {
        return static_cast<uint64_t>(mount.id) == id;
      });
  if (base == mounts.end()) return KernelsOwn();  // of another namespace
  Dressed dressed;
  dressed.base = *base;
  for (const MountInfo* mount : MountsOn(mounts, dressed.base.id)) {
    dressed.pieces.push_back(*mount);
  }
  return dressed;
}

void NoteMount(const TrappedCall& call, FdRef mount) {
  const absl::StatusOr<uint64_t> id = UniqueMountId(mount);
  if (id.ok()) call.progress.Note(*id);
}

bool IsNotedMount(const TrappedCall& call, FdRef file) {
  const absl::StatusOr<uint64_t> id = UniqueMountId(file);
  return id.ok() && *id == call.progress.earlier();
}

}  // namespace sysbox::trap
