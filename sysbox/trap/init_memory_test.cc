#include "sysbox/trap/init_memory.h"

#include <sched.h>
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

pid_t Fork() {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  return child;
}

TEST_CASE("a number is a container's init's as long as that lives") {
  const pid_t init = Fork();
  const uint64_t start = VALUE_OF(StartTimeTicks(init));
  InitMemory memory;
  CHECK_ERRNO(ESRCH, memory.Place(init, start + 1));
  CHECK_OK(memory.Place(init, start).status());
  CHECK_OK(memory.Place(init, start).status());

  kill(init, SIGKILL);
  waitpid(init, nullptr, 0);
  CHECK_FALSE(memory.Place(init, start).ok());
  // Nor is whoever has its number then.
  CHECK_ERRNO(ESRCH, memory.Place(getpid(), start + 1));
}

TEST_CASE("what was opened stays until init goes elsewhere") {
  const pid_t self = getpid();
  const uint64_t start = VALUE_OF(StartTimeTicks(self));
  InitMemory memory;
  CHECK(memory.LastPlace() == nullptr);
  const InitPlacePtr first = VALUE_OF(memory.Place(self, start));
  CHECK(VALUE_OF(memory.Place(self, start)) == first);

  REQUIRE_OK(Unshare(CLONE_NEWNET));
  CHECK(memory.LastPlace() == first);
  const InitPlacePtr second = VALUE_OF(memory.Place(self, start));
  CHECK(second != first);
  CHECK_FALSE(second->network.id == first->network.id);
  CHECK(second->network.id == VALUE_OF(IdOf(self, NamespaceType::kNetwork)));
  CHECK(VALUE_OF(memory.Place(self, start)) == second);
}

}  // namespace
}  // namespace sysbox::trap
