#include "sysbox/linux/known_device.h"

#include <fcntl.h>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("the device of a file is its st_dev") {
  for (const char* path : {"/", "/proc", "/sys", "/dev/null"}) {
    const Fd file = VALUE_OF(Open(path, {.flags = O_PATH}));
    CHECK(VALUE_OF(KnownDevice(file)) == VALUE_OF(Stat(file)).st_dev);
  }
}

}  // namespace
}  // namespace sysbox
