#include "sysbox/runtime/sub_cgroups.h"

#include <map>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::runtime {
namespace {

using Paths = std::map<std::string, std::string>;

const Paths kHybrid = {{"", "/u/x"}, {"cpu", "/cpu/x"}, {"pids", "/pids/x"}};

std::string ErrorOf(const std::vector<std::string>& wanted) {
  return std::string(MessageOf(SubCgroups(kHybrid, "c", wanted).status()));
}

TEST_CASE("one path is below the container's own root everywhere") {
  const auto paths = SubCgroups(kHybrid, "c", {"a/b"});
  REQUIRE(paths.ok());
  CHECK(*paths == Paths{{"", "/u/x/c/a/b"},
                        {"cpu", "/cpu/x/c/a/b"},
                        {"pids", "/pids/x/c/a/b"}});
  CHECK(SubCgroups(kHybrid, "c", {"/"})->at("cpu") == "/cpu/x/c");
  CHECK(SubCgroups(kHybrid, "", {"a"})->at("cpu") == "/cpu/x/a");
}

TEST_CASE("on cgroup v2 a container's root is its directory") {
  CHECK(*SubCgroups({{"", "/u/x"}}, "c", {"a"}) == Paths{{"", "/u/x/a"}});
}

TEST_CASE("controllers that are not named stay where they are") {
  const auto paths = SubCgroups(kHybrid, "c", {"cpu,pids:a"});
  REQUIRE(paths.ok());
  CHECK(*paths ==
        Paths{{"", "/u/x/c"}, {"cpu", "/cpu/x/c/a"}, {"pids", "/pids/x/c/a"}});
}

TEST_CASE("what makes no sense is refused in runc's words") {
  CHECK(ErrorOf({"../y"}) == "../y is not a sub cgroup path");
  CHECK(ErrorOf({"cpu:/../../y"}) == "/../../y is not a sub cgroup path");
  CHECK(ErrorOf({"a", "b"}) ==
        "invalid --cgroup argument: a (missing <controller>: prefix)");
  CHECK(ErrorOf({"a:b:c"}) == "invalid --cgroup argument: a:b:c");
  CHECK(ErrorOf({",cpu:b"}) ==
        "invalid --cgroup argument: ,cpu:b (empty <controller> prefix)");
  CHECK(ErrorOf({"nope:b"}) == "unknown controller nope in SubCgroupPaths");
  CHECK(ErrorOf({"cpu:a", "cpu:b"}) ==
        "invalid --cgroup argument(s): controller cpu specified multiple "
        "times");
}

}  // namespace
}  // namespace sysbox::runtime
