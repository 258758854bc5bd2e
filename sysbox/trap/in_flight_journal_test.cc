#include "sysbox/trap/in_flight_journal.h"

#include <linux/seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/seccomp/notify_port.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::trap {
namespace {

// As the kernel does it.
void Receive(InFlightJournal& journal, int slot, uint64_t id) {
  seccomp_notif raw = {};
  raw.id = id;
  raw.pid = 42;
  raw.data.nr = 165;
  memcpy(journal.NotificationBytes(slot), &raw, sizeof raw);
}

TEST_CASE("a successor finds what a killed process had received") {
  auto journal = VALUE_OF(InFlightJournal::Create());
  const pid_t child = fork();
  if (child == 0) {
    const int noted = journal->Reserve("trap.web.0");
    Receive(*journal, noted, 7);
    journal->Note(noted, 99);
    const int answered = journal->Reserve("trap.web.0");
    Receive(*journal, answered, 8);
    journal->Leave(answered);
    Receive(*journal, journal->Reserve("trap.web.1"), 9);
    (void)journal->Reserve("trap.web.1");  // waits for a call
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  auto successor =
      VALUE_OF(InFlightJournal::Open(VALUE_OF(Duplicate(journal->memory()))));
  const auto found = successor->Find("trap.web.0");
  REQUIRE(found.size() == 1);
  CHECK(found[0].call.id == 7);
  CHECK(found[0].call.tid == 42);
  CHECK(found[0].call.number == 165);
  CHECK(found[0].mark == 99);
  CHECK(successor->Find("trap.web").empty());
  REQUIRE(successor->Find("trap.web.1").size() == 2);
  CHECK(successor->Find("trap.web.1")[0].mark == 0);
  CHECK(successor->Find("trap.web.1")[1].call.id == 0);
  // They stay, should the successor die, until it has answered.
  successor->Leave(found[0].slot);
  CHECK(successor->Find("trap.web.0").empty());
}

TEST_CASE("a full journal takes no more, and gets room again") {
  auto journal = VALUE_OF(InFlightJournal::Create());
  int last = -1;
  for (int slot = 0; slot >= 0; slot = journal->Reserve("a")) last = slot;
  CHECK(journal->Reserve("a") == -1);
  Receive(*journal, last, 7);
  journal->Note(last, 1);
  journal->Leave(last);
  REQUIRE(journal->Reserve("a") == last);
  // As the kernel wants it.
  const std::string zeros(seccomp::kNotificationBytes, '\0');
  CHECK(std::string(static_cast<char*>(journal->NotificationBytes(last)),
                    zeros.size()) == zeros);
  CHECK(journal->Reserve(std::string(1000, 'x')) == -1);
  journal->Leave(-1);
}

TEST_CASE("other memory is no journal") {
  CHECK_FALSE(
      InFlightJournal::Open(VALUE_OF(MakeMemoryFile("not-a-journal", "x")))
          .ok());
}

}  // namespace
}  // namespace sysbox::trap
