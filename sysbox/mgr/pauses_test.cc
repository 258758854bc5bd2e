#include "sysbox/mgr/pauses.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::mgr {
namespace {

using std::chrono::milliseconds;

TEST_CASE("pauses end in the order they began, once, if not cancelled") {
  auto loop = VALUE_OF(api::EventLoop::Create());
  std::vector<std::string> ended;
  Pauses* pauses = nullptr;
  const auto start = std::chrono::steady_clock::now();
  auto owned = VALUE_OF(
      Pauses::Create(loop.get(), milliseconds(20), [&](const std::string& n) {
        ended.push_back(n);
        if (n == "c") loop->Stop();
        if (n == "a" && ended.size() == 1) pauses->Start("c");  // from within
      }));
  pauses = owned.get();
  for (const char* name : {"a", "gone", "b", "a"}) pauses->Start(name);
  pauses->Cancel("gone");
  pauses->Cancel("unknown");
  REQUIRE_OK(loop->Run());
  CHECK(ended == std::vector<std::string>{"a", "b", "c"});
  CHECK(std::chrono::steady_clock::now() - start >= milliseconds(40));
}

TEST_CASE("one that was cancelled can begin anew") {
  auto loop = VALUE_OF(api::EventLoop::Create());
  int ended = 0;
  auto pauses = VALUE_OF(
      Pauses::Create(loop.get(), milliseconds(1), [&](const std::string& name) {
        ++ended;
        if (name == "last") loop->Stop();
      }));
  pauses->Start("a");
  pauses->Cancel("a");
  pauses->Start("a");
  pauses->Start("last");
  REQUIRE_OK(loop->Run());
  CHECK(ended == 2);
}

}  // namespace
}  // namespace sysbox::mgr
