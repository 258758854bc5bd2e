#include "sysbox/linux/seen_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("a file is the same by path and by descriptor, and no other is") {
  const Fd root = VALUE_OF(Open("/", {.flags = O_PATH}));
  const SeenFile seen = VALUE_OF(SeeFile(root));
  CHECK(VALUE_OF(SeeFile("/")) == seen);
  CHECK(VALUE_OF(SeeFile("/proc/self/root")) == seen);
  const SeenFile proc = VALUE_OF(SeeFile("/proc"));
  CHECK_FALSE(proc == seen);
  CHECK(proc.mount != seen.mount);
  CHECK_FALSE(VALUE_OF(SeeFile("/proc/sys")) == proc);
  CHECK(VALUE_OF(SeeFile("/proc/sys")).mount == proc.mount);
  CHECK_ERRNO(ENOENT, SeeFile("/no/such"));
}

}  // namespace
}  // namespace sysbox
