#include "sysbox/trap/overlay_ground.h"

#include <optional>
#include <string>

#include "catch2/catch.hpp"

namespace sysbox::trap {
namespace {

TEST_CASE("the upper directory is found among the options") {
  using Found = std::optional<std::string>;
  CHECK(UpperDirectoryOf("lowerdir=/l1:/l2,upperdir=/u,workdir=/w") ==
        Found("/u"));
  CHECK(UpperDirectoryOf("upperdir=12/diff,userxattr") == Found("12/diff"));
  CHECK(UpperDirectoryOf("lowerdir=/l1:/l2") == Found());
  CHECK(UpperDirectoryOf("lowerdir=/a\\,b,upperdir=/u") == Found());
  CHECK(UpperDirectoryOf("") == Found());
}

TEST_CASE("an engine's whole store is put on itself") {
  CHECK(GroundFor("/data/check-overlayfs-support1/upper") == "/data");
  CHECK(GroundFor("/data/docker/overlay2/ID/diff") == "/data/docker/overlay2");
  CHECK(GroundFor("/srv/c/snapshots/7/fs") == "/srv/c/snapshots");
}

TEST_CASE("what others use as well is left alone") {
  CHECK(GroundFor("/tmp/x/upper") == "/tmp/x");
  CHECK(GroundFor("/work/upper") == "/work");
  CHECK(GroundFor("/var/lib/x/upper") == "/var/lib/x");
  CHECK(GroundFor("/tmp/upper").empty());
  CHECK(GroundFor("/upper").empty());
}

}  // namespace
}  // namespace sysbox::trap
