#include "sysbox/oci/validate_process.h"

#include <functional>
#include <string>
#include <string_view>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::oci {
namespace {

std::string ErrorAfter(const std::function<void(Process&)>& change) {
  Process process;
  process.args = {"true"};
  process.cwd = "/";
  change(process);
  return std::string(MessageOf(ValidateProcess(process)));
}

TEST_CASE("a program and a directory are enough") {
  CHECK(ErrorAfter([](Process&) {}) == "");
}

TEST_CASE("each error of a process names its field") {
  struct Case {
    std::function<void(Process&)> change;
    std::string_view error;
  };
  const Case cases[] = {
      {[](Process& p) { p.args = {}; }, "process.args: empty"},
      {[](Process& p) {
         p.args = {"a", std::string("b\0c", 3)};
       },
       "process.args[1]: NUL character"},
      {[](Process& p) {
         p.env = {"A=1", "B"};
       },
       "process.env[1]: \"B\" is not of the form NAME=value"},
      {[](Process& p) { p.env = {"=B"}; },
       "process.env[0]: \"=B\" is not of the form NAME=value"},
      {[](Process& p) { p.cwd = ""; },
       "process.cwd: \"\" is not an absolute path"},
      {[](Process& p) { p.cwd = "a/b"; },
       "process.cwd: \"a/b\" is not an absolute path"},
      {[](Process& p) {
         p.console_size = {65536, 1};
       },
       "process.consoleSize: more than 65535"},
      {[](Process& p) { p.user.uid = 0xffffffff; },
       "process.user.uid: 4294967295 is no id"},
      {[](Process& p) {
         p.user.additional_gids = {1, 0xffffffff};
       },
       "process.user.additionalGids[1]: 4294967295 is no id"},
      {[](Process& p) { p.user.umask = 01000; },
       "process.user.umask: 01000 is more than 0777"},
      {[](Process& p) {
         p.rlimits = {{"RLIMIT_FOO", 1, 1}};
       },
       "process.rlimits[0].type: unknown value \"RLIMIT_FOO\""},
      {[](Process& p) {
         p.rlimits = {{"RLIMIT_CORE", 1, 1}, {"RLIMIT_CORE", 2, 2}};
       },
       "process.rlimits[1].type: RLIMIT_CORE comes twice"},
      {[](Process& p) {
         p.rlimits = {{"RLIMIT_CORE", 1, 2}};
       },
       "process.rlimits[0].soft: 2 is more than hard, 1"},
      {[](Process& p) { p.oom_score_adj = -1001; },
       "process.oomScoreAdj: -1001 is not from -1000 to 1000"},
      {[](Process& p) { p.capabilities.emplace().ambient = {"CAP_NOPE"}; },
       "process.capabilities.ambient[0]: unknown value \"CAP_NOPE\""},
      {[](Process& p) { p.scheduler.emplace().policy = "SCHED_NOPE"; },
       "process.scheduler.policy: unknown value \"SCHED_NOPE\""},
      {[](Process& p) {
         p.scheduler.emplace().policy = "SCHED_OTHER";
         p.scheduler->nice = 20;
       },
       "process.scheduler.nice: 20 is not from -20 to 19"},
      {[](Process& p) {
         p.io_priority = {"IOPRIO_CLASS_BE", 8};
       },
       "process.ioPriority.priority: 8 is not from 0 to 7"},
  };
  for (const Case& c : cases) CHECK(ErrorAfter(c.change) == c.error);
}

TEST_CASE("unknown capabilities are dropped from every set, told once") {
  Process process;
  auto& sets = process.capabilities.emplace();
  sets.bounding = {"CAP_KILL", "CAP_X"};
  sets.effective = {"CAP_X"};
  CHECK(NormalizeProcess(process).size() == 1);
  CHECK(sets.bounding == std::vector<std::string>{"CAP_KILL"});
  CHECK(sets.effective.empty());
}

}  // namespace
}  // namespace sysbox::oci
