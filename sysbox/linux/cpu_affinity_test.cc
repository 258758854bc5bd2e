#include "sysbox/linux/cpu_affinity.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("a thread's mask has the CPUs that the library counts") {
  cpu_set_t set;
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  const std::string mask = VALUE_OF(ThreadAffinity(gettid()));
  REQUIRE(mask.size() % sizeof(long) == 0);
  int count = 0;
  for (char byte : mask) {
    count += __builtin_popcount(static_cast<unsigned char>(byte));
  }
  CHECK(count == CPU_COUNT(&set));
  CHECK_ERRNO(ESRCH, ThreadAffinity(-1));
  const uint32_t numbers = VALUE_OF(CpuNumbers());
  CHECK(numbers >= static_cast<uint32_t>(count));
  CHECK(numbers <= mask.size() * 8);
}

}  // namespace
}  // namespace sysbox
