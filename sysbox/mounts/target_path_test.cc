#include "sysbox/mounts/target_path.h"

#include "catch2/catch.hpp"

namespace sysbox::mounts {
namespace {

TEST_CASE("below means strictly below") {
  CHECK(IsBelow("/proc/sys", "/proc"));
  CHECK_FALSE(IsBelow("/proc", "/proc"));
  CHECK_FALSE(IsBelow("/process", "/proc"));
  CHECK(IsBelow("/a", "/"));
  CHECK_FALSE(IsBelow("/", "/"));
}

TEST_CASE("only harmless files of /proc may be covered") {
  CHECK(MayCoverInProc("/proc/meminfo"));
  CHECK(MayCoverInProc("/proc/sys/kernel/ns_last_pid"));
  CHECK_FALSE(MayCoverInProc("/proc/self/attr"));
  CHECK_FALSE(MayCoverInProc("/proc/sys"));
  CHECK_FALSE(MayCoverInProc("/proc/meminfo/x"));
}

}  // namespace
}  // namespace sysbox::mounts
