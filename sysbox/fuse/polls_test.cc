#include "sysbox/fuse/polls.h"

#include "catch2/catch.hpp"

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

}  // namespace
}  // namespace sysbox::fuse
