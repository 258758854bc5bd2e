#include "sysbox/linux/process_attributes.h"

#include <sched.h>

#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("batch scheduling is the calling thread's alone") {
  int policy = -1;
  absl::Status set;
  std::thread thread([&] {
    set = SetBatchScheduling();
    policy = sched_getscheduler(0);
  });
  thread.join();
  REQUIRE_OK(set);
  CHECK(policy == SCHED_BATCH);
  CHECK(sched_getscheduler(0) != SCHED_BATCH);
}

}  // namespace
}  // namespace sysbox
