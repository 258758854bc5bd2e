#include "sysbox/launch/hooks.h"

#include <fcntl.h>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::launch {
namespace {

oci::Hook Shell(const std::string& script) {
  oci::Hook hook;
  hook.path = "/bin/sh";
  hook.args = {"sh", "-c", script};
  hook.env = {"PATH=/usr/bin:/bin"};
  return hook;
}

TEST_CASE("hooks run in order, each with the state on standard input") {
  testing::TempDir dir;
  std::string out = dir.path() + "/out";
  REQUIRE_OK(RunHooks("prestart",
                      {Shell("cat >> " + out), Shell("echo 2 >> " + out)},
                      "{\"id\":\"x\"}"));
  auto text = ReadFile(out);
  REQUIRE_OK(text.status());
  CHECK(*text == "{\"id\":\"x\"}2\n");
}

TEST_CASE("hooks run where they are told to") {
  testing::TempDir dir;
  auto opened = Open(dir.path(), {.flags = O_PATH | O_DIRECTORY});
  REQUIRE_OK(opened.status());
  REQUIRE_OK(RunHooks("prestart", {Shell("pwd > out")}, "{}", *opened));
  auto text = ReadFile(dir.path() + "/out");
  REQUIRE_OK(text.status());
  CHECK(*text == dir.path() + "\n");
}

TEST_CASE("the first failing hook ends the row and is told by name") {
  testing::TempDir dir;
  std::string out = dir.path() + "/out";
  absl::Status status = RunHooks(
      "createRuntime",
      {Shell("echo hi; echo no >&2; exit 7"), Shell("touch " + out)}, "{}");
  CHECK(MessageOf(status) ==
        "error running createRuntime hook #0 /bin/sh: exit status 7, stdout: "
        "hi, stderr: no");
  CHECK_FALSE(Exists(out));
}

TEST_CASE("a hook beyond its timeout is killed") {
  oci::Hook hook = Shell("exec sleep 1000");
  hook.timeout = 1;
  CHECK_FALSE(RunHooks("poststop", {hook}, "{}").ok());
}

TEST_CASE("a hook need not read its input") {
  CHECK_OK(
      RunHooks("poststart", {Shell("exec true")}, std::string(1 << 20, ' ')));
}

}  // namespace
}  // namespace sysbox::launch
