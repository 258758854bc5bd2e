#include "sysbox/runtime/host_checks.h"

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::runtime {
namespace {

TEST_CASE("kernel releases of all vendors parse") {
  int major = 0;
  int minor = 0;
  REQUIRE(ParseKernelRelease("6.1.0-18-amd64", &major, &minor));
  CHECK(major == 6);
  CHECK(minor == 1);
  REQUIRE(ParseKernelRelease("5.12-rc3", &major, &minor));
  CHECK(minor == 12);
  CHECK_FALSE(ParseKernelRelease("next", &major, &minor));
}

TEST_CASE("the host's own namespaces cannot be shared") {
  oci::Spec spec;
  spec.linux.emplace();
  spec.linux->namespaces = {{"pid", ""}, {"network", "/proc/self/ns/net"}};
  absl::Status status = CheckNamespacePaths(spec);
  CHECK_FALSE(status.ok());
  CHECK(MessageOf(status).find("linux.namespaces[1].path") == 0);
}

TEST_CASE("a path of another type of namespace is refused") {
  oci::Spec spec;
  spec.linux.emplace();
  spec.linux->namespaces = {{"network", "/proc/self/ns/ipc"}};
  CHECK_FALSE(CheckNamespacePaths(spec).ok());
  spec.linux->namespaces = {{"network", "/etc/passwd"}};
  CHECK_FALSE(CheckNamespacePaths(spec).ok());
}

}  // namespace
}  // namespace sysbox::runtime
