#include "sysbox/runtime/process_plan.h"

#include <sys/resource.h>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::runtime {
namespace {

absl::StatusOr<launch::ProcessPlan> Build(const oci::Process& process) {
  return BuildProcessPlan({process, std::nullopt, std::nullopt});
}

CapabilitySet Bit(const char* name) {
  return CapabilitySet{1} << *CapabilityNumber(name);
}

TEST_CASE("names become numbers") {
  oci::Process process;
  process.args = {"true"};
  process.capabilities.emplace();
  process.capabilities->bounding = {"CAP_CHOWN", "CAP_KILL"};
  process.capabilities->permitted = {"CAP_CHOWN"};
  process.capabilities->effective = {"CAP_CHOWN", "CAP_KILL"};
  process.rlimits = {{"RLIMIT_NOFILE", 2000, 1000}};
  auto plan = Build(process);
  REQUIRE_OK(plan.status());
  CHECK(plan->capabilities.bounding == (Bit("CAP_CHOWN") | Bit("CAP_KILL")));
  // The kernel refuses effective beyond permitted.
  CHECK(plan->capabilities.effective == Bit("CAP_CHOWN"));
  REQUIRE(plan->limits.size() == 1);
  CHECK(plan->limits[0].resource == RLIMIT_NOFILE);
  CHECK(plan->limits[0].soft == 1000);
  CHECK(plan->limits[0].hard == 2000);
}

TEST_CASE("capabilities this kernel does not know are left out") {
  oci::Process process;
  process.capabilities.emplace();
  process.capabilities->bounding = {"CAP_FUTURE", "CAP_CHOWN"};
  auto plan = Build(process);
  REQUIRE_OK(plan.status());
  CHECK(plan->capabilities.bounding == Bit("CAP_CHOWN"));
}

TEST_CASE("a bad value names its field") {
  oci::Process process;
  process.rlimits = {{"RLIMIT_NOFILE", 1, 1}, {"RLIMIT_NOPE", 1, 1}};
  CHECK(MessageOf(Build(process).status()) ==
        "process.rlimits[1].type: unknown value \"RLIMIT_NOPE\"");
  std::optional<oci::Personality> personality = oci::Personality{"BSD", {}};
  CHECK(MessageOf(BuildProcessPlan({{}, std::nullopt, personality}).status()) ==
        "linux.personality.domain: unknown value \"BSD\"");
}

}  // namespace
}  // namespace sysbox::runtime
