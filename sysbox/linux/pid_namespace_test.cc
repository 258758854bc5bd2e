#include "sysbox/linux/pid_namespace.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "catch2/catch.hpp"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("a pid namespace tells its process 1 in the caller's numbers") {
  std::optional<OwnedChild> child = VALUE_OF(Clone({.flags = CLONE_NEWPID}));
  if (!child) {
    for (;;) pause();
  }
  Fd ns = VALUE_OF(OpenNamespace(child->pid(), NamespaceType::kPid));
  const absl::StatusOr<pid_t> init = InitOfPidNamespace(ns);
  if (ErrnoOf(init.status()) == ENOTTY) {
    WARN("skipped: no NS_GET_TGID_FROM_PIDNS (Linux 6.11)");
    return;
  }
  CHECK(VALUE_OF(init) == child->pid());
  CHECK(VALUE_OF(ThreadInPidNamespace(ns, 1)) == child->pid());
  CHECK_ERRNO(ESRCH, ThreadInPidNamespace(ns, 2));
  CHECK_ERRNO(ESRCH, ThreadInPidNamespace(ns, -1));
  REQUIRE_OK(child->pidfd().Signal(9));
  REQUIRE_OK(child->Wait());
  CHECK_ERRNO(ESRCH, InitOfPidNamespace(ns));
}

}  // namespace
}  // namespace sysbox
