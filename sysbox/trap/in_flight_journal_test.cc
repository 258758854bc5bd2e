#include "sysbox/trap/in_flight_journal.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

TEST_CASE("a successor finds what a killed process had received") {
  auto journal = VALUE_OF(InFlightJournal::Create());
  const pid_t child = fork();
  if (child == 0) {
    (void)journal->Enter("trap.web.0", {.id = 7, .tid = 42, .number = 165});
    journal->Leave(journal->Enter("trap.web.0", {.id = 8}));
    (void)journal->Enter("trap.web.1", {.id = 9});
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  auto successor =
      VALUE_OF(InFlightJournal::Open(VALUE_OF(Duplicate(journal->memory()))));
  const auto taken = successor->Take("trap.web.0");
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].id == 7);
  CHECK(taken[0].tid == 42);
  CHECK(taken[0].number == 165);
  CHECK(successor->Take("trap.web.0").empty());
  CHECK(successor->Take("trap.web").empty());
  CHECK(successor->Take("trap.web.1").size() == 1);
}

TEST_CASE("a full journal takes no more, and gets room again") {
  auto journal = VALUE_OF(InFlightJournal::Create());
  int last = -1;
  for (int slot = 0; slot >= 0; slot = journal->Enter("a", {})) last = slot;
  CHECK(journal->Enter("a", {}) == -1);
  journal->Leave(last);
  CHECK(journal->Enter("a", {}) == last);
  CHECK(journal->Enter(std::string(1000, 'x'), {}) == -1);
  journal->Leave(-1);
}

TEST_CASE("other memory is no journal") {
  CHECK_FALSE(
      InFlightJournal::Open(VALUE_OF(MakeMemoryFile("not-a-journal", "x")))
          .ok());
}

}  // namespace
}  // namespace sysbox::trap
