#include "sysbox/syscont/check.h"

#include <string>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::syscont {
namespace {

oci::Spec GoodSpec() {
  oci::Spec spec;
  spec.process.emplace();
  spec.process->args = {"true"};
  spec.process->capabilities.emplace();
  spec.root.emplace();
  spec.root->path = "rootfs";
  spec.linux.emplace();
  for (const char* type : {"pid", "network", "ipc", "uts", "mount"}) {
    spec.linux->namespaces.push_back({.type = type, .path = ""});
  }
  spec.linux->masked_paths = {"/proc/acpi"};
  spec.linux->readonly_paths = {"/proc/bus"};
  return spec;
}

// What Docker 20.10 makes of --privileged, as far as it matters here.
oci::Spec PrivilegedSpec() {
  oci::Spec spec = GoodSpec();
  spec.linux->masked_paths.clear();
  spec.linux->readonly_paths.clear();
  spec.process->capabilities->bounding = {"CAP_CHOWN", "CAP_SYS_ADMIN",
                                          "CAP_SYS_MODULE", "CAP_SYS_RAWIO"};
  spec.linux->resources.emplace();
  oci::DeviceRule all;
  all.allow = true;
  all.access = "rwm";
  spec.linux->resources->devices = {all};
  return spec;
}

oci::Spec Without(std::string_view type) {
  oci::Spec spec = GoodSpec();
  std::erase_if(spec.linux->namespaces,
                [&](const oci::Namespace& n) { return n.type == type; });
  return spec;
}

std::string Error(const oci::Spec& spec, const Options& options = {}) {
  return std::string(MessageOf(CheckSpec(spec, options)));
}

TEST_CASE("an engine's ordinary spec passes") {
  CHECK(CheckSpec(GoodSpec(), Options()).ok());
}

TEST_CASE("host namespaces are refused with the flag to drop") {
  CHECK(Error(Without("pid")) ==
        "sharing the host's pid namespace is not supported: a system container "
        "has its own; drop --pid=host");
  CHECK(Error(Without("ipc")).ends_with("; drop --ipc=host"));
  CHECK(Error(Without("uts")).ends_with("; drop --uts=host"));
  CHECK(Error(Without("network")).ends_with("; drop --net=host"));
  CHECK(Error(Without("mount")) ==
        "sharing the host's mount namespace is not supported: a system "
        "container has its own");
}

TEST_CASE("a joined namespace must not be the host's") {
  const NamespaceId host = {.device = 4, .inode = 1};
  const NamespaceId other = {.device = 4, .inode = 2};
  CHECK(CheckJoinedNamespace(NamespaceType::kNetwork, other, host).ok());
  const absl::Status status =
      CheckJoinedNamespace(NamespaceType::kNetwork, host, host);
  CHECK(MessageOf(status) ==
        "sharing the host's network namespace is not supported: a system "
        "container has its own; drop --net=host");
  CHECK_FALSE(CheckJoinedNamespace(NamespaceType::kUser, host, host).ok());
}

TEST_CASE("--privileged is refused, with or without a seccomp profile") {
  const std::string message =
      "privileged containers are not supported: root in a system container is "
      "already all-powerful inside it; drop --privileged";
  oci::Spec spec = PrivilegedSpec();
  CHECK(Error(spec) == message);
  spec.linux->seccomp.emplace();
  CHECK(Error(spec) == message);
  spec.linux->resources->devices.front().type = "a";
  CHECK(Error(spec) == message);
}

TEST_CASE("each half of --privileged alone is accepted") {
  oci::Spec unmasked = PrivilegedSpec();
  unmasked.linux->resources.reset();
  CHECK(CheckSpec(unmasked, Options()).ok());
  oci::Spec every_device = PrivilegedSpec();
  every_device.process->capabilities->bounding = {"CAP_CHOWN"};
  CHECK(CheckSpec(every_device, Options()).ok());
  oci::Spec masked = PrivilegedSpec();
  masked.linux->masked_paths = {"/proc/acpi"};
  CHECK(CheckSpec(masked, Options()).ok());
}

TEST_CASE("regular-container mode accepts --privileged") {
  Options regular;
  regular.syscont_mode = false;
  CHECK(CheckSpec(PrivilegedSpec(), regular).ok());
}

TEST_CASE("missing parts are named") {
  oci::Spec spec = GoodSpec();
  spec.linux.reset();
  CHECK(Error(spec) == "linux: missing");
  spec = GoodSpec();
  spec.root.reset();
  CHECK(Error(spec) == "root: missing");
  spec = GoodSpec();
  spec.process.reset();
  CHECK(Error(spec) == "process: missing; a container needs a program");
}

TEST_CASE("SELinux is refused where it enforces") {
  oci::Spec spec = GoodSpec();
  CHECK(CheckSelinux(spec, false).ok());
  CHECK_FALSE(CheckSelinux(spec, true).ok());
  spec.process->selinux_label = "a:b:c";
  CHECK(CheckSelinux(spec, false).ok());
  CHECK(MessageOf(CheckSelinux(spec, true)) ==
        "hosts that enforce SELinux are not supported yet (config.json asks "
        "for a label)");
}

}  // namespace
}  // namespace sysbox::syscont
