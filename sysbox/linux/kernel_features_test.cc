#include "sysbox/linux/kernel_features.h"

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

TEST_CASE("the running kernel has what this program needs") {
  KernelFeatures features = ProbeKernel();
  CHECK(features.release + "\n" ==
        VALUE_OF(ReadFile("/proc/sys/kernel/osrelease")));
  CHECK(features.mount_api);
  CHECK(features.clone3);
  CHECK(features.openat2);
  CHECK(features.id_mapped_mounts);
  CHECK(features.seccomp_notify);
  CHECK(features.clone_into_cgroup);
}

}  // namespace
}  // namespace sysbox
