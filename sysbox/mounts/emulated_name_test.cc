#include "sysbox/mounts/emulated_name.h"

#include "catch2/catch.hpp"

namespace sysbox::mounts {
namespace {

TEST_CASE("a path has one name in the root of what serves it") {
  CHECK(EmulatedName("/proc/uptime") == "proc:uptime");
  CHECK(EmulatedName("/sys/devices/system/cpu") == "sys:devices:system:cpu");
  CHECK(EmulatedPath("/proc:uptime") == "/proc/uptime");
  CHECK(EmulatedPath("/sys:devices:system:cpu") == "/sys/devices/system/cpu");
}

TEST_CASE("below what is bound, names are as they are") {
  CHECK(EmulatedPath("/sys:block/a:b") == "/sys/block/a:b");
  CHECK(EmulatedPath("/proc:sys:vm/swappiness") == "/proc/sys/vm/swappiness");
}

TEST_CASE("roots of others are not taken for ours") {
  for (const char* root : {"", "/", "proc:uptime", "/proc", "/proc/uptime",
                           "/procs:a", "/a:proc", "/home/proc:uptime"}) {
    CAPTURE(root);
    CHECK_FALSE(EmulatedPath(root).has_value());
  }
}

}  // namespace
}  // namespace sysbox::mounts
