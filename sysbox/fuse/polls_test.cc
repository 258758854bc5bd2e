#include "sysbox/fuse/polls.h"

#include <memory>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::fuse {
namespace {

using Files = std::vector<uint64_t>;

TEST_CASE("each open file is told once of a change") {
  Polls polls;
  CHECK_FALSE(polls.Ask(1, true));
  CHECK_FALSE(polls.Ask(2, false));
  CHECK(polls.Change() == Files{1});
  CHECK(polls.Ask(1, true));
  CHECK_FALSE(polls.Ask(1, true));
  CHECK(polls.Ask(2, true));
  // It was told, so it did not wait.
  CHECK(polls.Change() == Files{1});
  CHECK(polls.Change().empty());
  CHECK(polls.Ask(1, false));
  CHECK_FALSE(polls.Ask(3, false));
}

TEST_CASE("what is remembered is bounded") {
  Polls polls;
  for (uint64_t file = 1; file <= 3 * Polls::kMost; ++file) {
    CHECK_FALSE(polls.Ask(file, true));
  }
  CHECK(polls.Change().size() == Polls::kMost);
  CHECK(polls.Ask(3 * Polls::kMost, true));
  CHECK_FALSE(polls.Ask(1, true));
}

TEST_CASE("a successor wakes who waited, and tells of what it missed") {
  std::shared_ptr<PollJournal> journal = VALUE_OF(PollJournal::Create());
  const Fd memory = VALUE_OF(Duplicate(journal->memory()));
  {
    Polls polls(journal, "web");
    CHECK_FALSE(polls.Ask(1, true));
    CHECK_FALSE(polls.Ask(1, true));
    CHECK_FALSE(polls.Ask(2, false));
    Polls other(journal, "db");
    CHECK_FALSE(other.Ask(1, true));
    Polls ended(journal, "gone");
    CHECK_FALSE(ended.Ask(1, true));
    ended.End();
  }
  journal = VALUE_OF(PollJournal::Open(VALUE_OF(Duplicate(memory))));
  Polls polls(journal, "web");
  CHECK(polls.Resume() == Files{1});
  CHECK(polls.Ask(1, true));
  CHECK_FALSE(polls.Ask(1, true));
  CHECK(polls.Change() == Files{1});
  CHECK(Polls(journal, "gone").Resume().empty());
  CHECK(Polls(journal, "db").Resume() == Files{1});
}

}  // namespace
}  // namespace sysbox::fuse
