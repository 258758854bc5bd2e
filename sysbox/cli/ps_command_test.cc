#include "sysbox/cli/ps_command.h"

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

constexpr char kOutput[] =
    "UID        PID  PPID CMD\n"
    "root         1     0 /sbin/init 55\n"
    "100000      55     1 nginx: master\n"
    "100033     555    55 nginx: worker\n"
    "broken\n";

TEST_CASE("the header and the container's processes are shown") {
  CHECK(VALUE_OF(SelectProcesses(kOutput, {55, 555})) ==
        "UID        PID  PPID CMD\n"
        "100000      55     1 nginx: master\n"
        "100033     555    55 nginx: worker\n");
  CHECK(VALUE_OF(SelectProcesses(kOutput, {})) == "UID        PID  PPID CMD\n");
}

TEST_CASE("without a column PID there is an error") {
  CHECK(SelectProcesses("CMD\ninit\n", {1}).status().message() ==
        "ps: no column PID; the options must show it");
  CHECK_FALSE(SelectProcesses("", {1}).ok());
}

}  // namespace
}  // namespace sysbox::cli
