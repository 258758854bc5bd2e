#include "sysbox/fuse/poll_journal.h"

#include <string>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::fuse {
namespace {

TEST_CASE("a successor finds who waited") {
  Fd memory;
  {
    auto first = VALUE_OF(PollJournal::Create());
    memory = VALUE_OF(Duplicate(first->memory()));
    CHECK(first->Remember("web", 7) >= 0);
    CHECK(first->Remember("web.2", 8) >= 0);
    first->Forget(first->Remember("web", 9));
    CHECK(first->TakeLeft("web").empty());
  }
  for (int generation = 0; generation < 3; ++generation) {
    auto next = VALUE_OF(PollJournal::Open(VALUE_OF(Duplicate(memory))));
    const auto left = next->TakeLeft("web");
    REQUIRE(left.size() == 1);
    CHECK(left[0].file == 7);
    CHECK(next->TakeLeft("web").empty());
    if (generation == 2) next->Forget(left[0].slot);
  }
  auto last = VALUE_OF(PollJournal::Open(std::move(memory)));
  CHECK(last->TakeLeft("web").empty());
  CHECK(last->TakeLeft("web.2").size() == 1);
}

TEST_CASE("what has no place is not remembered") {
  auto journal = VALUE_OF(PollJournal::Create());
  CHECK(journal->Remember("", 1) == -1);
  CHECK(journal->Remember(std::string(120, 'x'), 1) == -1);
  const int first = journal->Remember(std::string(119, 'x'), 1);
  CHECK(first >= 0);
  for (int i = 1; i < PollJournal::kSlots; ++i) {
    REQUIRE(journal->Remember("web", 1) >= 0);
  }
  CHECK(journal->Remember("web", 1) == -1);
  journal->Forget(first);
  CHECK(journal->Remember("web", 1) == first);
  // A successor, which nobody of those asks any more, has their places.
  const Fd memory = VALUE_OF(Duplicate(journal->memory()));
  auto next = VALUE_OF(PollJournal::Open(VALUE_OF(Duplicate(memory))));
  CHECK(next->Remember("other", 2) >= 0);
  CHECK(next->TakeLeft("web").size() == PollJournal::kSlots - 1);
}

}  // namespace
}  // namespace sysbox::fuse
