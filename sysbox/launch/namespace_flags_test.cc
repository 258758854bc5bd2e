#include "sysbox/launch/namespace_flags.h"

#include <sched.h>

#include "catch2/catch.hpp"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace sysbox::launch {
namespace {

LaunchPlan PlanWithAll() {
  LaunchPlan plan;
  for (int i = 0; i < kNamespaceTypeCount; ++i) {
    plan.new_namespaces.push_back(static_cast<NamespaceType>(i));
  }
  return plan;
}

TEST_CASE("init starts in what only children enter, and makes the rest") {
  const LaunchPlan plan = PlanWithAll();
  CHECK(InitCloneFlags(plan) == (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME));
  CHECK(InitUnshareFlags(plan) == (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                                   CLONE_NEWUTS | CLONE_NEWCGROUP));
}

TEST_CASE("nobody is in a time namespace before its clocks are set") {
  LaunchPlan plan = PlanWithAll();
  plan.time_offsets["monotonic"] = {};
  CHECK((InitCloneFlags(plan) & CLONE_NEWTIME) == 0);
  CHECK((InitUnshareFlags(plan) & CLONE_NEWTIME) == CLONE_NEWTIME);
  plan.time_offsets.clear();
  plan.fresh_boot_clock = true;
  CHECK((InitCloneFlags(plan) & CLONE_NEWTIME) == 0);
  CHECK((InitUnshareFlags(plan) & CLONE_NEWTIME) == CLONE_NEWTIME);
}

TEST_CASE("joined namespaces are not made by init") {
  LaunchPlan plan = PlanWithAll();
  plan.new_namespaces.clear();
  plan.fresh_boot_clock = true;
  CHECK_FALSE(SetsClocks(plan));
  CHECK(InitCloneFlags(plan) == 0);
  CHECK(InitUnshareFlags(plan) == 0);
}

}  // namespace
}  // namespace sysbox::launch
