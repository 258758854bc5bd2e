#include "sysbox/emu/views/pid_namespaces.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu::views {
namespace {

TEST_CASE(
    "a thread's pid namespace is the kernel's, threads' of a process too") {
  PidNamespaces namespaces("/proc");
  const struct stat own = VALUE_OF(StatAt(FdRef::Cwd(), "/proc/self/ns/pid"));
  CHECK(namespaces.Of(getpid(), 1) == own.st_ino);
  CHECK(namespaces.Of(gettid(), 2) == own.st_ino);
  CHECK(namespaces.Of(0, 3) == std::nullopt);
}

TEST_CASE("whose number it was a while ago does not count") {
  testing::TempDir proc;
  PidNamespaces namespaces(proc.path());
  const auto put = [&proc](int thread) {
    const std::string directory = fmt::format("{}/{}/ns", proc.path(), thread);
    REQUIRE_OK(MakeDirectories(directory, 0755));
    REQUIRE_OK(ReplaceVolatileFile(directory + "/pid", "", 0444));
    return uint64_t{VALUE_OF(StatAt(FdRef::Cwd(), directory + "/pid")).st_ino};
  };
  const uint64_t first = put(7);
  CHECK(namespaces.Of(7, 0) == first);
  const uint64_t second = put(7);
  REQUIRE(second != first);
  CHECK(namespaces.Of(7, PidNamespaces::kFreshNs - 1) == first);
  CHECK(namespaces.Of(7, PidNamespaces::kFreshNs) == second);
  // Another that is remembered in its place.
  const uint64_t third = put(7 + 64);
  CHECK(namespaces.Of(7 + 64, PidNamespaces::kFreshNs) == third);
  CHECK(namespaces.Of(7, PidNamespaces::kFreshNs) == second);
  REQUIRE_OK(RemoveTree(proc / "7"));
  CHECK(namespaces.Of(7, 2 * PidNamespaces::kFreshNs) == std::nullopt);
}

}  // namespace
}  // namespace sysbox::emu::views
