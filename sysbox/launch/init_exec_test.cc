#include "sysbox/launch/init_exec.h"

#include <fcntl.h>

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::launch {
namespace {

std::string Find(const std::string& name, const std::vector<std::string>& env) {
  auto found = FindProgram(name, env);
  return found.ok() ? *found : std::string(MessageOf(found.status()));
}

TEST_CASE("a name is looked for in PATH, the last one set") {
  CHECK(Find("true", {"PATH=/nowhere", "PATH=/nowhere:/usr/bin"}) ==
        "/usr/bin/true");
}

// Docker derives its exit codes from these texts.
TEST_CASE("a missing program reads as with runc: code 127") {
  CHECK(Find("nope", {"PATH=/usr/bin"}) ==
        "exec: \"nope\": executable file not found in $PATH");
  CHECK(Find("nope", {}) ==
        "exec: \"nope\": executable file not found in $PATH");
  CHECK(Find("/nope", {}) ==
        "exec: \"/nope\": stat /nope: no such file or directory");
}

TEST_CASE("what cannot be executed reads as with runc: code 126") {
  CHECK(Find("/etc", {}) == "exec: \"/etc\": permission denied");
  CHECK(Find("/etc/passwd", {}) == "exec: \"/etc/passwd\": permission denied");
}

TEST_CASE("HOME is added once, and only when missing or empty") {
  testing::TempDir root;
  REQUIRE_OK(MakeDirectories(root.path() + "/etc", 0755));
  REQUIRE_OK(ReplaceFile(root.path() + "/etc/passwd",
                         "app:x:7:7::/srv/app:/bin/sh\n", 0644));
  auto fd = Open(root.path(), {.flags = O_PATH | O_DIRECTORY});
  REQUIRE_OK(fd.status());
  ProcessPlan plan;
  plan.uid = 7;
  plan.env = {"A=1"};
  CHECK(BuildEnvironment(plan, *fd) ==
        std::vector<std::string>{"A=1", "HOME=/srv/app"});
  plan.env = {"HOME="};
  CHECK(BuildEnvironment(plan, *fd) ==
        std::vector<std::string>{"HOME=/srv/app"});
  plan.env = {"HOME=/x"};
  CHECK(BuildEnvironment(plan, *fd) == std::vector<std::string>{"HOME=/x"});
  plan.env = {};
  plan.uid = 8;
  CHECK(BuildEnvironment(plan, *fd) == std::vector<std::string>{"HOME=/"});
}

}  // namespace
}  // namespace sysbox::launch
