#include "sysbox/linux/mount_watch.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

absl::Status WatchAMountComeAndGo() {
  SYSBOX_ASSIGN_OR_RETURN(Fd mountinfo,
                          Open("/proc/self/mountinfo", {.flags = O_RDONLY}));
  MountWatch watch(std::move(mountinfo));
  const uint64_t before = watch.Generation();
  RETURN_UNLESS(watch.Generation() == before);
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount made,
                          NewFilesystem("tmpfs", "watched", {}, 0));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, Open("/tmp", {.flags = O_PATH}));
  RETURN_UNLESS(watch.Generation() == before);
  SYSBOX_RETURN_IF_ERROR(AttachMount(made, target));
  // Everybody who asks hears of it.
  const uint64_t after = watch.Generation();
  RETURN_UNLESS(after != before);
  RETURN_UNLESS(watch.Generation() == after);
  for (const bool there : {true, false}) {
    if (!there) SYSBOX_RETURN_IF_ERROR(UnmountDetached("/tmp"));
    SYSBOX_ASSIGN_OR_RETURN(const auto mounts, watch.Read());
    RETURN_UNLESS(there ==
                  std::any_of(mounts.begin(), mounts.end(), [](const auto& m) {
                    return m.mount_point == "/tmp" && m.type == "tmpfs";
                  }));
  }
  RETURN_UNLESS(watch.Generation() != after);
  return absl::OkStatus();
}

TEST_CASE("mounts that come and go are another generation") {
  CHECK_OK(testing::RunInUserNamespace(CLONE_NEWNS, WatchAMountComeAndGo));
}

}  // namespace
}  // namespace sysbox
