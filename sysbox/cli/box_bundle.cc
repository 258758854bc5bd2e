#include "sysbox/cli/box_bundle.h"

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

// Held while a bundle is made, looked at or removed; not below `directory`,
// where it could be the name of a container.
absl::StatusOr<Fd> LockAll(const std::string& directory) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  return LockFile(directory + ".lock", 0600);
}

// Locked by the owner for his life; what he writes is his state root.
std::string OwnerFile(const std::string& bundle) { return bundle + "/owner"; }

// OK when nothing is at `bundle` any more.
absl::Status RemoveIfAbandoned(const std::string& bundle,
                               const SettleLeftover& settle) {
  if (!Exists(bundle)) return absl::OkStatus();
  absl::StatusOr<Fd> owner = TryLockFile(OwnerFile(bundle), 0600);
  if (ErrnoOf(owner.status()) == EWOULDBLOCK) {
    return absl::AlreadyExistsError("a `sysbox run` of that name is running");
  }
  SYSBOX_RETURN_IF_ERROR(owner.status());
  SYSBOX_ASSIGN_OR_RETURN(std::string root, ReadFile(OwnerFile(bundle)));
  // Without one it was killed before it made anything else.
  if (!root.empty()) SYSBOX_RETURN_IF_ERROR(settle(root));
  return RemoveTree(bundle);
}

}  // namespace

absl::StatusOr<BoxBundle> BoxBundle::Claim(const std::string& directory,
                                           const std::string& name,
                                           const std::string& state_root,
                                           const SettleLeftover& settle) {
  SYSBOX_ASSIGN_OR_RETURN(Fd all, LockAll(directory));
  const std::string path = fmt::format("{}/{}", directory, name);
  SYSBOX_RETURN_IF_ERROR(RemoveIfAbandoned(path, settle));
  SYSBOX_RETURN_IF_ERROR(MakeDirectory(path, 0700));
  absl::StatusOr<Fd> owner = TryLockFile(OwnerFile(path), 0600);
  if (!owner.ok()) {
    (void)RemoveTree(path);  // the next claim takes it at the latest
    return owner.status();
  }
  BoxBundle bundle(path, *std::move(owner));
  SYSBOX_RETURN_IF_ERROR(WriteAll(bundle.owner_, state_root));
  return bundle;
}

absl::Status BoxBundle::RemoveAbandoned(const std::string& directory,
                                        const std::string& name,
                                        const SettleLeftover& settle) {
  SYSBOX_ASSIGN_OR_RETURN(Fd all, LockAll(directory));
  return RemoveIfAbandoned(fmt::format("{}/{}", directory, name), settle);
}

BoxBundle::~BoxBundle() {
  if (!owner_.valid()) return;  // moved from
  absl::StatusOr<Fd> all =
      LockAll(path_.substr(0, path_.rfind('/')));  // without it: all the same
  // What stays is taken by the next claim of the name.
  (void)RemoveTree(path_);
}

}  // namespace sysbox::cli
