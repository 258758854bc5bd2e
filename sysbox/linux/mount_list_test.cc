#include "sysbox/linux/mount_list.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::RunInUserNamespace;

absl::StatusOr<Fd> AttachTmpfs(const std::string& place) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount made,
                          NewFilesystem("tmpfs", "t", {}, 0));
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(made.fd(), "sub", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, Open(place, {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(made, target));
  return Open(place, {.flags = O_PATH});
}

// Both ways to hear of a change, of the mounts on `base` and of any.
absl::Status Check(FdRef base, FdRef mountinfo, bool on_base, bool any,
                   std::vector<ListedMount>* known) {
  SYSBOX_ASSIGN_OR_RETURN(const auto now, ListMountsOn(base));
  SYSBOX_ASSIGN_OR_RETURN(const bool changed, MountsChanged(mountinfo));
  if ((now != *known) != on_base) return Internal("the list is wrong");
  if (changed != any) return Internal("the change is wrong");
  *known = now;
  return absl::OkStatus();
}

absl::Status ChangeMounts() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd base, AttachTmpfs("/tmp"));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories("/tmp/other", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Fd mountinfo,
                          Open("/proc/self/mountinfo", {.flags = O_RDONLY}));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<ListedMount> known, ListMountsOn(base));
  if (known.size() != 1) return Internal("more than itself");
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, false, false, &known));
  SYSBOX_ASSIGN_OR_RETURN(const Fd sub, AttachTmpfs("/tmp/sub"));
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, true, true, &known));
  SYSBOX_RETURN_IF_ERROR(
      SetMountAttributes(sub, {.set = MOUNT_ATTR_RDONLY}, false));
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, true, true, &known));
  SYSBOX_ASSIGN_OR_RETURN(const Fd elsewhere, AttachTmpfs("/mnt"));
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, false, true, &known));
  SYSBOX_RETURN_IF_ERROR(UnmountDetached("/tmp/sub"));
  return Check(base, mountinfo, true, true, &known);
}

TEST_CASE("mounts that come, go and change are noticed, on one and on any") {
  const absl::Status noticed = RunInUserNamespace(CLONE_NEWNS, ChangeMounts);
  if (ErrnoOf(noticed) == ENOSYS) {
    WARN("the kernel has no listmount(2) (Linux 6.8)");
    return;
  }
  CHECK_OK(noticed);
}

}  // namespace
}  // namespace sysbox
