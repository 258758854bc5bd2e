#include "sysbox/trap/replica_memory.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

TEST_CASE("a number is a container's init's as long as that lives") {
  const pid_t init = fork();
  if (init == 0) {
    pause();
    _exit(0);
  }
  const auto start = StartTimeTicks(init);
  REQUIRE(start.ok());
  ReplicaMemory memory;
  CHECK(ErrnoOf(memory.CheckStillIs(init, *start + 1)) == ESRCH);
  CHECK_OK(memory.CheckStillIs(init, *start));
  CHECK_OK(memory.CheckStillIs(init, *start));

  kill(init, SIGKILL);
  waitpid(init, nullptr, 0);
  CHECK(ErrnoOf(memory.CheckStillIs(init, *start)) == ESRCH);
  // Nor is whoever has its number then.
  CHECK(ErrnoOf(memory.CheckStillIs(getpid(), *start + 1)) == ESRCH);
}

}  // namespace
}  // namespace sysbox::trap
