#include "sysbox/linux/disk_space.h"

#include <cerrno>

#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("the room of a file system is told") {
  CHECK(VALUE_OF(AvailableSpace("/tmp")) > 0);
  CHECK(VALUE_OF(AvailableSpace("/proc")) == 0);
  CHECK_ERRNO(ENOENT, AvailableSpace("/absent"));
}

}  // namespace
}  // namespace sysbox
