#include "sysbox/emu/host_write_policy.h"

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::emu {
namespace {

TEST_CASE("a policy names values, groups, paths or all") {
  CHECK(VALUE_OF(ParseHostWritePolicy("")).empty());
  CHECK(VALUE_OF(ParseHostWritePolicy("fs.file-max")) ==
        HostWritePolicy{"/proc/sys/fs/file-max"});
  CHECK(VALUE_OF(ParseHostWritePolicy("vm, fs.inotify,fs.inotify")) ==
        HostWritePolicy{"/proc/sys/fs/inotify/max_queued_events",
                        "/proc/sys/fs/inotify/max_user_instances",
                        "/proc/sys/fs/inotify/max_user_watches",
                        "/proc/sys/vm/max_map_count"});
  CHECK(VALUE_OF(ParseHostWritePolicy("/sys/module/nf_conntrack")) ==
        HostWritePolicy{"/sys/module/nf_conntrack/parameters/hashsize"});
  CHECK(VALUE_OF(ParseHostWritePolicy("all")).size() > 20);
}

TEST_CASE("what must not reach the host cannot be named") {
  for (const char* name :
       {"kernel.core_pattern", "vm.drop_caches", "fs.file", "kernel.hostname",
        "/proc/sys/kernel/sysrq", "everything", "kernel.panic"}) {
    CHECK_FALSE(ParseHostWritePolicy(name).ok());
  }
  CHECK_FALSE(ParseHostWritePolicy("fs.file-max,nonsense").ok());
}

}  // namespace
}  // namespace sysbox::emu
