#include "sysbox/mgr/overlay_refresher.h"

#include <unistd.h>

#include <csignal>
#include <optional>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/mount.h"
#include "sysbox/mgr/overlay_adoption.h"

namespace sysbox::mgr {
namespace {

absl::Status RefreshAndAdopt(FdRef outside, FdRef inside,
                             const std::set<std::string>& directories) {
  SYSBOX_RETURN_IF_ERROR(RefreshFilesystem(inside));
  if (directories.empty()) return absl::OkStatus();
  const absl::Status adopted = AdoptDirectories(inside, outside, directories);
  SYSBOX_RETURN_IF_ERROR(RefreshFilesystem(inside));
  return adopted;
}

}  // namespace

absl::StatusOr<OwnedChild> StartRefresher(
    FdRef outside, FdRef inside, const std::set<std::string>& directories) {
  // By the C library, whose fork(3) leaves a heap that the child can use,
  // whatever our other threads do: it takes no other lock of theirs.
  absl::StatusOr<std::optional<OwnedChild>> child = ForkProcess();
  SYSBOX_RETURN_IF_ERROR(child.status());
  if (child->has_value()) return **std::move(child);
  // What is being adopted lies aside for a moment: that is finished.
  if (directories.empty()) (void)SetParentDeathSignal(SIGKILL);
  // Not least the pid file's lock, which a successor of ours needs.
  (void)CloseFrom(0, {outside.get(), inside.get()});
  _exit(RefreshAndAdopt(outside, inside, directories).ok() ? 0 : 1);
}

}  // namespace sysbox::mgr
