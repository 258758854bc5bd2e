#include "sysbox/keeper/restart_policy.h"

#include <csignal>

#include "catch2/catch.hpp"

namespace sysbox::keeper {
namespace {

constexpr ExitStatus kFailed = {.code = 1, .signal = 0};
constexpr ExitStatus kCrashed = {.code = 0, .signal = SIGSEGV};
constexpr ExitStatus kKilled = {.code = 0, .signal = SIGKILL};

TEST_CASE("a worker that never was ready is not tried again") {
  CHECK_FALSE(RestartPolicy().AfterEnd({.status = kFailed}));
  CHECK_FALSE(RestartPolicy().AfterEnd({.status = kKilled}));
}

TEST_CASE("a worker that exits well was asked to") {
  CHECK_FALSE(RestartPolicy().AfterEnd({.status = {}, .was_ready = true}));
}

TEST_CASE("a killed worker is replaced at once, every time") {
  RestartPolicy policy;
  for (int i = 0; i < 200; ++i) {
    CHECK(policy.AfterEnd({.status = kKilled, .was_ready = true}) == 0);
  }
}

TEST_CASE("crashes delay the next worker ever more, up to a bound") {
  RestartPolicy policy;
  const RestartPolicy::Ended crash = {.status = kCrashed, .was_ready = true};
  CHECK(policy.AfterEnd(crash) == 20);
  CHECK(policy.AfterEnd(crash) == 40);
  // Not even ready: killed or not, it is no good.
  CHECK(policy.AfterEnd({.status = kKilled}) == 80);
  for (int i = 0; i < 100; ++i) CHECK(policy.AfterEnd(crash) <= 5000);
  CHECK(policy.AfterEnd(crash) == 5000);
  CHECK(policy.AfterEnd(
            {.status = kCrashed, .was_ready = true, .lived_ms = 60'000}) == 20);
}

TEST_CASE("one that served and was killed ends a row of crashes") {
  RestartPolicy policy;
  for (int i = 0; i < 100; ++i) {
    CHECK(policy.AfterEnd({.status = kKilled, .was_ready = true}) == 0);
    // Killed, too, before it came to serve.
    CHECK(policy.AfterEnd({.status = kKilled}) == 20);
  }
}

}  // namespace
}  // namespace sysbox::keeper
