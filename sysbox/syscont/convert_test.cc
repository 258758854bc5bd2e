#include "sysbox/syscont/convert.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::syscont {
namespace {

using Strings = std::vector<std::string>;

oci::Mount MakeMount(const char* destination, const char* type,
                     const char* source, Strings options) {
  oci::Mount mount;
  mount.destination = destination;
  mount.type = type;
  mount.source = source;
  mount.options = std::move(options);
  return mount;
}

// What Docker 20.10 writes for `docker run -v /src:/v IMAGE true`, shortened.
oci::Spec DockerSpec() {
  oci::Spec spec;
  spec.process.emplace();
  spec.process->args = {"true"};
  spec.process->env = {"PATH=/bin"};
  spec.process->capabilities.emplace();
  spec.process->capabilities->bounding = {"CAP_CHOWN"};
  spec.process->apparmor_profile = "docker-default";
  spec.root.emplace();
  spec.root->path = "/merged";
  spec.mounts = {
      MakeMount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
      MakeMount("/dev", "tmpfs", "tmpfs", {"nosuid", "mode=755"}),
      MakeMount("/dev/pts", "devpts", "devpts", {"newinstance", "gid=5"}),
      MakeMount("/sys", "sysfs", "sysfs", {"nosuid", "ro"}),
      MakeMount("/sys/fs/cgroup", "cgroup", "cgroup", {"ro", "nosuid"}),
      MakeMount("/sys/fs/cgroup/x", "bind", "/x", {"rbind"}),
      MakeMount("/v", "bind", "/src", {"rbind", "rprivate"}),
  };
  spec.linux.emplace();
  for (const char* type : {"mount", "network", "uts", "pid", "ipc"}) {
    spec.linux->namespaces.push_back({.type = type, .path = ""});
  }
  oci::Device kmsg;
  kmsg.path = "/dev/kmsg";
  oci::Device tun;
  tun.path = "/dev/net/tun";
  spec.linux->devices = {kmsg, tun};
  spec.linux->masked_paths = {"/proc/acpi", "/proc/kcore", "/proc/keys",
                              "/sys/firmware"};
  spec.linux->readonly_paths = {"/proc/bus", "/proc/sys",
                                "/proc/sysrq-trigger"};
  return spec;
}

Inputs TwoCapabilities() {
  Inputs inputs;
  inputs.all_capabilities = 0b11;
  return inputs;
}

std::string Sets(const oci::Process& process) {
  const oci::Capabilities& c = *process.capabilities;
  return fmt::format(
      "b={} e={} i={} p={} a={}", absl::StrJoin(c.bounding, ","),
      absl::StrJoin(c.effective, ","), absl::StrJoin(c.inheritable, ","),
      absl::StrJoin(c.permitted, ","), absl::StrJoin(c.ambient, ","));
}

std::string Mounts(const oci::Spec& spec) {
  std::string text;
  for (const oci::Mount& mount : spec.mounts) {
    text += fmt::format("{} {} {} {}\n", mount.destination, mount.type,
                        mount.source, absl::StrJoin(mount.options, ","));
  }
  return text;
}

std::string ToText(const oci::Spec& spec) {
  std::string text = Mounts(spec);
  for (const oci::Namespace& ns : spec.linux->namespaces) {
    text += fmt::format("namespace {}{}\n", ns.type, ns.path);
  }
  for (const oci::Device& device : spec.linux->devices) {
    text += fmt::format("device {}\n", device.path);
  }
  text +=
      fmt::format("masked {}\n", absl::StrJoin(spec.linux->masked_paths, " "));
  text += fmt::format("readonly {}\n",
                      absl::StrJoin(spec.linux->readonly_paths, " "));
  text += fmt::format("capabilities {}\n", Sets(*spec.process));
  text += fmt::format("apparmor \"{}\"\n", spec.process->apparmor_profile);
  text += fmt::format("env {}\n", absl::StrJoin(spec.process->env, " "));
  return text;
}

oci::Spec Convert(oci::Spec spec, const Inputs& inputs = TwoCapabilities()) {
  auto converted = ConvertSpec(std::move(spec), inputs);
  INFO(converted.status().ToString());
  REQUIRE(converted.ok());
  return *std::move(converted);
}

TEST_CASE("a docker spec becomes a system container's") {
  CHECK(ToText(Convert(DockerSpec())) ==
        R"(/sys sysfs sysfs noexec,nosuid,nodev
/sys/fs/cgroup cgroup cgroup noexec,nosuid,nodev,rw
/proc proc proc noexec,nosuid,nodev
/dev tmpfs tmpfs nosuid,strictatime,mode=755,size=65536k
/dev/kmsg bind /dev/null rbind,rprivate
/dev/pts devpts devpts newinstance,gid=5
/v bind /src rbind,rprivate
namespace mount
namespace network
namespace uts
namespace pid
namespace ipc
namespace user
namespace cgroup
namespace time
device /dev/net/tun
masked /proc/acpi /proc/keys /sys/firmware
readonly /proc/bus /proc/sysrq-trigger
capabilities b=CAP_CHOWN,CAP_DAC_OVERRIDE e=CAP_CHOWN,CAP_DAC_OVERRIDE i=CAP_CHOWN,CAP_DAC_OVERRIDE p=CAP_CHOWN,CAP_DAC_OVERRIDE a=CAP_CHOWN,CAP_DAC_OVERRIDE
apparmor ""
env PATH=/bin
)");
}

TEST_CASE("regular-container mode only adds namespaces") {
  Inputs inputs = TwoCapabilities();
  inputs.options.syscont_mode = false;
  CHECK(ToText(Convert(DockerSpec(), inputs)) ==
        R"(/proc proc proc nosuid,noexec,nodev
/dev tmpfs tmpfs nosuid,mode=755
/dev/pts devpts devpts newinstance,gid=5
/sys sysfs sysfs nosuid,ro
/sys/fs/cgroup cgroup cgroup ro,nosuid
/sys/fs/cgroup/x bind /x rbind
/v bind /src rbind,rprivate
namespace mount
namespace network
namespace uts
namespace pid
namespace ipc
namespace user
namespace cgroup
namespace time
device /dev/kmsg
device /dev/net/tun
masked /proc/acpi /proc/kcore /proc/keys /sys/firmware
readonly /proc/bus /proc/sys /proc/sysrq-trigger
capabilities b=CAP_CHOWN e= i= p= a=
apparmor "docker-default"
env PATH=/bin
)");
}

TEST_CASE("a namespace joined by path is not added again") {
  oci::Spec spec = DockerSpec();
  spec.linux->namespaces.push_back({.type = "user", .path = "/u"});
  Inputs inputs = TwoCapabilities();
  inputs.time_namespaces = false;
  const oci::Spec converted = Convert(std::move(spec), inputs);
  CHECK(converted.linux->namespaces.size() == 7);
  CHECK(converted.linux->namespaces[5].path == "/u");
}

TEST_CASE("a user other than root gets a full bounding set and nothing else") {
  oci::Spec spec = DockerSpec();
  spec.process->user.uid = 1000;
  CHECK(Sets(*Convert(std::move(spec)).process) ==
        "b=CAP_CHOWN,CAP_DAC_OVERRIDE e= i= p= a=");
}

TEST_CASE("honoured capabilities are the spec's") {
  Inputs inputs = TwoCapabilities();
  inputs.options.honor_caps = true;
  CHECK(Sets(*Convert(DockerSpec(), inputs).process) ==
        "b=CAP_CHOWN e= i= p= a=");
}

TEST_CASE("an exec's capabilities follow its user and its own variable") {
  oci::Process process = *DockerSpec().process;
  auto root = ConvertExecProcess(process, TwoCapabilities());
  REQUIRE(root.ok());
  CHECK(Sets(*root).starts_with("b=CAP_CHOWN,CAP_DAC_OVERRIDE e=CAP_CHOWN,"));
  CHECK(root->apparmor_profile.empty());
  process.env.push_back("SYSBOX_HONOR_CAPS=TRUE");
  auto honored = ConvertExecProcess(process, TwoCapabilities());
  REQUIRE(honored.ok());
  CHECK(Sets(*honored) == "b=CAP_CHOWN e= i= p= a=");
  Inputs regular = TwoCapabilities();
  regular.options.syscont_mode = false;
  auto untouched = ConvertExecProcess(process, regular);
  REQUIRE(untouched.ok());
  CHECK(untouched->apparmor_profile == "docker-default");
}

TEST_CASE("an AppArmor profile of the user's own is kept") {
  for (const char* profile : {"mine", "unconfined", "docker-default-mine"}) {
    oci::Spec spec = DockerSpec();
    spec.process->apparmor_profile = profile;
    CHECK(Convert(std::move(spec)).process->apparmor_profile == profile);
  }
  for (const char* profile : {"containers-default-0.50.1", "crio-default"}) {
    oci::Spec spec = DockerSpec();
    spec.process->apparmor_profile = profile;
    CHECK(Convert(std::move(spec)).process->apparmor_profile.empty());
  }
}

TEST_CASE("where our AppArmor profile is loaded, it replaces the engines'") {
  Inputs inputs = TwoCapabilities();
  inputs.apparmor_profile = "ours";
  auto root = ConvertExecProcess(*DockerSpec().process, inputs);
  REQUIRE(root.ok());
  CHECK(root->apparmor_profile == "ours");
  oci::Process chosen = *DockerSpec().process;
  chosen.apparmor_profile = "unconfined";
  auto unconfined = ConvertExecProcess(chosen, inputs);
  REQUIRE(unconfined.ok());
  CHECK(unconfined->apparmor_profile == "unconfined");
}

TEST_CASE("systemd gets /run before the user's mounts, and its variable") {
  oci::Spec spec = DockerSpec();
  spec.process->args = {"/lib/systemd/systemd", "--log-level=info"};
  spec.process->env.push_back("container=docker");
  spec.mounts.push_back(MakeMount("/run/secrets", "bind", "/s", {"rbind"}));
  spec.mounts.push_back(MakeMount("/run/lock", "bind", "/l", {"rbind"}));
  spec.linux->masked_paths.push_back("/tmp");
  spec.linux->readonly_paths.push_back("/sys/kernel");
  const oci::Spec converted = Convert(std::move(spec));
  CHECK(Mounts(converted) == R"(/sys sysfs sysfs noexec,nosuid,nodev
/sys/fs/cgroup cgroup cgroup noexec,nosuid,nodev,rw
/proc proc proc noexec,nosuid,nodev
/dev tmpfs tmpfs nosuid,strictatime,mode=755,size=65536k
/dev/kmsg bind /dev/null rbind,rprivate
/dev/pts devpts devpts newinstance,gid=5
/run tmpfs tmpfs rw,nosuid,nodev,mode=755,size=64m
/run/lock tmpfs tmpfs rw,noexec,nosuid,nodev,size=4m
/v bind /src rbind,rprivate
/run/secrets bind /s rbind
)");
  CHECK(converted.process->env ==
        Strings{"PATH=/bin", "container=private-users"});
  CHECK(converted.linux->masked_paths ==
        Strings{"/proc/acpi", "/proc/keys", "/sys/firmware"});
  CHECK(converted.linux->readonly_paths ==
        Strings{"/proc/bus", "/proc/sysrq-trigger"});
}

TEST_CASE("the user's own tmpfs on /run keeps its size") {
  oci::Spec spec = DockerSpec();
  spec.process->args = {"/sbin/init"};
  spec.mounts.push_back(MakeMount("/run", "tmpfs", "t", {"size=256m"}));
  const std::string mounts = Mounts(Convert(std::move(spec)));
  CHECK(mounts.find("/run tmpfs t size=256m\n/run/lock") != std::string::npos);
  CHECK(mounts.find("size=64m") == std::string::npos);
}

TEST_CASE("a script may turn into an image's systemd") {
  Inputs inputs = TwoCapabilities();
  inputs.has_systemd = true;
  oci::Spec spec = DockerSpec();
  spec.process->args = {"/start.sh"};
  const oci::Spec converted = Convert(std::move(spec), inputs);
  CHECK(converted.process->env.back() == "container=private-users");
  CHECK(converted.linux->rootfs_propagation == "rshared");
  // The image's own /run, which the script may need.
  CHECK(Mounts(converted).find("/run ") == std::string::npos);
  CHECK(Convert(DockerSpec()).linux->rootfs_propagation.empty());
}

TEST_CASE("an engine's init in front of systemd is taken off") {
  oci::Spec spec = DockerSpec();
  spec.process->args = {"/sbin/docker-init", "--", "/sbin/init", "3"};
  CHECK(Convert(spec).process->args == Strings{"/sbin/init", "3"});
  const Strings other = {"/sbin/docker-init", "--", "sleep", "3"};
  spec.process->args = other;
  CHECK(Convert(spec).process->args == other);
  const Strings own = {"/bin/tini", "--", "/sbin/init"};
  spec.process->args = own;
  CHECK(Convert(spec).process->args == own);
}

TEST_CASE("programs that are not systemd are left alone") {
  for (const char* program : {"/sbin/docker-init", "/bin/sh", "./init"}) {
    oci::Spec spec = DockerSpec();
    spec.process->args = {program};
    CHECK(Mounts(Convert(std::move(spec))).find("/run") == std::string::npos);
  }
}

TEST_CASE("a read-only rootfs gets scratch space and a read-only /sys") {
  oci::Spec spec = DockerSpec();
  spec.root->readonly = true;
  spec.mounts.push_back(MakeMount("/run/secrets", "bind", "/s", {"rbind"}));
  CHECK(Mounts(Convert(spec)) == R"(/sys sysfs sysfs noexec,nosuid,nodev,ro
/sys/fs/cgroup cgroup cgroup noexec,nosuid,nodev,ro
/proc proc proc noexec,nosuid,nodev
/dev tmpfs tmpfs nosuid,strictatime,mode=755,size=65536k
/dev/kmsg bind /dev/null rbind,rprivate
/dev/pts devpts devpts newinstance,gid=5
/v bind /src rbind,rprivate
/run tmpfs tmpfs rw,noexec,nosuid,nodev,mode=755,size=64m
/run/secrets bind /s rbind
/tmp tmpfs tmpfs rw,noexec,nosuid,nodev,mode=1777,size=64m
)");
  Inputs relaxed = TwoCapabilities();
  relaxed.options.relaxed_read_only = true;
  CHECK(Mounts(Convert(spec, relaxed))
            .starts_with("/sys sysfs sysfs noexec,nosuid,nodev,rw\n"));
}

TEST_CASE("systemd has its cgroups on a read-only rootfs, too") {
  oci::Spec spec = DockerSpec();
  spec.root->readonly = true;
  constexpr char kReadOnly[] =
      "/sys/fs/cgroup cgroup cgroup noexec,nosuid,nodev,ro\n";
  CHECK(Mounts(Convert(spec)).find(kReadOnly) != std::string::npos);
  Inputs wrapped = TwoCapabilities();
  wrapped.has_systemd = true;
  CHECK(Mounts(Convert(spec, wrapped)).find(kReadOnly) == std::string::npos);
  spec.process->args = {"/sbin/init"};
  const std::string mounts = Mounts(Convert(spec));
  CHECK(mounts.find(kReadOnly) == std::string::npos);
  CHECK(mounts.find("/sys sysfs sysfs noexec,nosuid,nodev,ro\n") !=
        std::string::npos);
}

TEST_CASE("the user's own /tmp on a read-only rootfs is kept") {
  oci::Spec spec = DockerSpec();
  spec.root->readonly = true;
  spec.mounts.push_back(MakeMount("/tmp", "bind", "/t", {"rbind"}));
  const std::string mounts = Mounts(Convert(std::move(spec)));
  CHECK(mounts.find("/tmp tmpfs") == std::string::npos);
  CHECK(mounts.find("/tmp bind /t") != std::string::npos);
}

TEST_CASE("the OOM score stops at -999") {
  oci::Spec spec = DockerSpec();
  spec.process->oom_score_adj = -1000;
  CHECK(Convert(spec).process->oom_score_adj == -999);
  spec.process->oom_score_adj = 500;
  CHECK(Convert(spec).process->oom_score_adj == 500);
  spec.process->oom_score_adj.reset();
  CHECK_FALSE(Convert(spec).process->oom_score_adj.has_value());
}

TEST_CASE("fuse and tun can be opened unless somebody decided about them") {
  oci::Spec spec = DockerSpec();
  auto& resources = spec.linux->resources.emplace();
  CHECK(Convert(spec).linux->resources->devices.empty());
  oci::DeviceRule rule;
  rule.access = "rwm";
  resources.devices.push_back(rule);
  rule.type = "c";
  rule.major = 10;
  rule.minor = 200;
  rule.allow = true;
  rule.access = "r";
  resources.devices.push_back(rule);  // --device /dev/net/tun::r
  rule.minor = 229;
  rule.allow = false;
  resources.devices.push_back(rule);  // Docker's default
  const auto rules = Convert(spec).linux->resources->devices;
  REQUIRE(rules.size() == 4);
  CHECK(rules[3].allow);
  CHECK(rules[3].major == 10);
  CHECK(rules[3].minor == 229);
}

TEST_CASE("the host's console is nobody's who has not been given it") {
  oci::Spec spec = DockerSpec();
  oci::DeviceRule deny_all;
  deny_all.access = "rwm";
  auto& rules = spec.linux->resources.emplace().devices;
  rules = {deny_all, {true, "c", 5, 0, "rwm"}, {true, "c", 5, 1, "rwm"}};
  const auto has_console = [](const oci::Spec& converted) {
    const auto& devices = converted.linux->resources->devices;
    return std::any_of(devices.begin(), devices.end(),
                       [](const oci::DeviceRule& rule) {
                         return rule.major == 5 && rule.minor == 1;
                       });
  };
  CHECK_FALSE(has_console(Convert(spec)));
  CHECK(Convert(spec).linux->resources->devices[1].minor == 0);
  oci::Device console;
  console.path = "/dev/host-console";
  console.type = "c";
  console.major = 5;
  console.minor = 1;
  spec.linux->devices.push_back(console);
  CHECK(has_console(Convert(spec)));
}

TEST_CASE("fuse and tun are there if the host has them") {
  Inputs inputs = TwoCapabilities();
  oci::Device fuse;
  fuse.path = "/dev/fuse";
  oci::Device tun;
  tun.path = "/dev/net/tun";
  inputs.own_devices = {fuse, tun};
  oci::Spec spec = DockerSpec();  // which has a /dev/net/tun of its own
  const auto devices = Convert(spec, inputs).linux->devices;
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].path == "/dev/net/tun");
  CHECK(devices[1].path == "/dev/fuse");
  inputs.options.syscont_mode = false;
  const oci::Spec regular = Convert(spec, inputs);
  for (const oci::Device& device : regular.linux->devices) {
    CHECK(device.path != "/dev/fuse");
  }
}

TEST_CASE("converting twice changes nothing more") {
  oci::Spec spec = DockerSpec();
  spec.process->args = {"/sbin/init"};
  spec.root->readonly = true;
  const oci::Spec once = Convert(std::move(spec));
  const oci::Spec twice = Convert(once);
  CHECK(ToText(twice) == ToText(once));
}

TEST_CASE("a spec that fails the checks is not converted") {
  oci::Spec spec = DockerSpec();
  spec.linux->namespaces.clear();
  CHECK_FALSE(ConvertSpec(std::move(spec), TwoCapabilities()).ok());
}

}  // namespace
}  // namespace sysbox::syscont
