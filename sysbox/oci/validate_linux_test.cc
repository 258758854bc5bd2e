#include "sysbox/oci/validate_linux.h"

#include <functional>
#include <string>
#include <string_view>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/oci/validate_sysctl.h"

namespace sysbox::oci {
namespace {

std::string ErrorAfter(const std::function<void(Linux&)>& change) {
  Spec spec;
  Linux& linux = spec.linux.emplace();
  for (const char* type : {"ipc", "mount", "network", "pid", "uts"}) {
    linux.namespaces.push_back({type, ""});
  }
  change(linux);
  return std::string(MessageOf(ValidateLinux(spec)));
}

struct Case {
  std::function<void(Linux&)> change;
  std::string_view error;
};

TEST_CASE("each error of the linux object names its field") {
  const Case cases[] = {
      {[](Linux&) {}, ""},
      {[](Linux& l) { l.namespaces[1].type = "nope"; },
       "linux.namespaces[1].type: unknown value \"nope\""},
      {[](Linux& l) { l.namespaces[2].type = "ipc"; },
       "linux.namespaces[2].type: \"ipc\" comes twice"},
      {[](Linux& l) { l.namespaces[0].path = "proc/1/ns/ipc"; },
       "linux.namespaces[0].path: \"proc/1/ns/ipc\" is not an absolute path"},
      {[](Linux& l) {
         l.uid_mappings = {{0, 1000, 1}};
       },
       "linux.gidMappings: missing, but linux.uidMappings is there"},
      {[](Linux& l) {
         l.uid_mappings = {{0, 1000, 0}};
       },
       "linux.uidMappings[0].size: 0"},
      {[](Linux& l) {
         l.gid_mappings = {{0, 4294967290u, 6}};
       },
       "linux.gidMappings[0].size: 6 goes beyond id 4294967294"},
      {[](Linux& l) {
         l.uid_mappings = {{0, 1000, 10}, {5, 2000, 10}};
       },
       "linux.uidMappings[1]: overlaps linux.uidMappings[0]"},
      {[](Linux& l) {
         l.uid_mappings = {{0, 1000, 10}, {10, 1009, 10}};
       },
       "linux.uidMappings[1]: overlaps linux.uidMappings[0]"},
      {[](Linux& l) { l.devices.emplace_back().path = "dev/x"; },
       "linux.devices[0].path: \"dev/x\" is not an absolute path"},
      {[](Linux& l) { l.devices.emplace_back().path = "/dev/x"; },
       "linux.devices[0].type: unknown value \"\""},
      {[](Linux& l) {
         l.devices = {{"/dev/x", "c", -1, 0, {}, {}, {}}};
       },
       "linux.devices[0].major: -1 is not from 0 to 4095"},
      {[](Linux& l) {
         l.devices = {{"/dev/x", "b", 1, 1 << 20, {}, {}, {}}};
       },
       "linux.devices[0].minor: 1048576 is not from 0 to 1048575"},
      {[](Linux& l) {
         l.devices = {{"/dev/x", "p", -1, -1, {}, {}, {}}};
       },
       ""},
      {[](Linux& l) { l.rootfs_propagation = "rslave"; }, ""},
      {[](Linux& l) { l.rootfs_propagation = "ro"; },
       "linux.rootfsPropagation: unknown value \"ro\""},
      {[](Linux& l) {
         l.masked_paths = {"/a", "b"};
       },
       "linux.maskedPaths[1]: \"b\" is not an absolute path"},
      {[](Linux& l) { l.readonly_paths = {""}; },
       "linux.readonlyPaths[0]: \"\" is not an absolute path"},
      {[](Linux& l) {
         l.personality = {"BSD", {}};
       },
       "linux.personality.domain: unknown value \"BSD\""},
      {[](Linux& l) {
         l.time_offsets["monotonic"] = {1, 0};
       },
       "linux.timeOffsets: needs a new time namespace"},
      {[](Linux& l) {
         l.time_offsets["realtime"] = {1, 0};
       },
       "linux.timeOffsets: unknown clock \"realtime\""},
      {[](Linux& l) {
         l.time_offsets["boottime"] = {1, 1000000000};
       },
       "linux.timeOffsets.boottime.nanosecs: 1000000000 is not less than "
       "1000000000"},
      {[](Linux& l) {
         l.namespaces.push_back({"time", ""});
         l.time_offsets["boottime"] = {1, 0};
       },
       ""},
      {[](Linux& l) { l.resources.emplace().memory.emplace().swap = -2; },
       "linux.resources.memory.swap: -2 is not from -1 to "
       "9223372036854775807"},
  };
  for (const Case& c : cases) CHECK(ErrorAfter(c.change) == c.error);
}

TEST_CASE("sysctls are those of the container's own namespaces") {
  auto error = [](const char* name, const char* without = "") {
    return ErrorAfter([&](Linux& l) {
      l.sysctl[name] = "1";
      std::erase_if(l.namespaces, [&](auto& ns) { return ns.type == without; });
    });
  };
  for (const char* name :
       {"net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/forwarding",
        "kernel.shmmax", "kernel/sem", "fs.mqueue.msg_max",
        "kernel.domainname"}) {
    CHECK(error(name) == "");
  }
  CHECK(error("kernel.hostname") ==
        "linux.sysctl[\"kernel.hostname\"]: conflicts with the field "
        "hostname, which sets it");
  for (const char* name : {"vm.swappiness", "kernel.panic", "fs.file-max",
                           "kernel.shm", "network.x", "kernel.core_pattern"}) {
    CHECK(error(name).ends_with("not in a separate kernel namespace"));
  }
  for (const char* name :
       {"net/../kernel/core_pattern", "net...kernel.core_pattern", "net.", "",
        "net", ".net.x", "/net/x", "net/./x", "net//x"}) {
    INFO(name);
    CHECK(error(name).ends_with("not the name of a sysctl"));
  }
  CHECK(error("net.core.somaxconn", "network") ==
        "linux.sysctl[\"net.core.somaxconn\"]: needs a network namespace in "
        "linux.namespaces");
  CHECK(error("kernel.msgmax", "ipc").ends_with("linux.namespaces"));
  CHECK(error("kernel.domainname", "uts").ends_with("linux.namespaces"));
}

TEST_CASE("a sysctl's first separator decides what the other means") {
  CHECK(SysctlPath("net.ipv4.conf.eth0/1.forwarding") ==
        "net/ipv4/conf/eth0.1/forwarding");
  CHECK(SysctlPath("net/ipv4/conf/eth0.1/forwarding") ==
        "net/ipv4/conf/eth0.1/forwarding");
}

}  // namespace
}  // namespace sysbox::oci
