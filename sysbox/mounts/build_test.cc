#include "sysbox/mounts/build.h"

#include <string>
#include <utility>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::mounts {
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

oci::Spec BaseSpec() {
  oci::Spec spec;
  spec.root.emplace();
  spec.root->path = "rootfs";
  spec.linux.emplace();
  return spec;
}

BuildInputs BaseInputs() {
  BuildInputs inputs;
  inputs.options.maps.uids = MapOnto({.first = 300000, .size = 65536});
  inputs.options.maps.gids = inputs.options.maps.uids;
  inputs.rootfs.path = "/b/rootfs";
  inputs.rootfs.filesystem = "0xef53";
  return inputs;
}

// Facts about a source owned by root for every bind in the spec.
void AddSources(const oci::Spec& spec, BuildInputs& inputs) {
  inputs.sources.resize(spec.mounts.size());
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    if (spec.mounts[i].type != "bind") continue;
    SourceFacts facts;
    facts.path = spec.mounts[i].source;
    inputs.sources[i] = facts;
  }
}

std::string Build(const oci::Spec& spec, const BuildInputs& inputs) {
  const auto plan = BuildMountPlan(spec, inputs);
  if (!plan.ok()) return std::string(MessageOf(plan.status()));
  return ToText(*plan);
}

std::string BuildWith(std::vector<oci::Mount> mounts,
                      BuildInputs inputs = BaseInputs()) {
  oci::Spec spec = BaseSpec();
  spec.mounts = std::move(mounts);
  if (inputs.sources.empty()) AddSources(spec, inputs);
  return Build(spec, inputs);
}

constexpr char kRootfs[] = "rootfs id-mapped-bind /b/rootfs\n";

TEST_CASE("a system container's mounts become ops in the spec's order") {
  oci::Spec spec = BaseSpec();
  spec.root->readonly = true;
  spec.linux->rootfs_propagation = "rslave";
  spec.mounts = {
      MakeMount("/sys", "sysfs", "sysfs", {"noexec", "nosuid", "nodev"}),
      MakeMount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "rw"}),
      MakeMount("/proc", "proc", "proc", {"noexec", "nosuid", "nodev"}),
      MakeMount("/dev", "tmpfs", "tmpfs",
                {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      MakeMount("/dev/kmsg", "bind", "/dev/null", {"rbind", "rprivate"}),
      MakeMount("/dev/pts", "devpts", "devpts",
                {"nosuid", "noexec", "newinstance", "ptmxmode=0666",
                 "mode=0620", "gid=5"}),
      MakeMount("/v", "bind", "/src", {"rbind", "ro", "rprivate"}),
      MakeMount("/t", "tmpfs", "tmpfs", {"rprivate", "tmpcopyup"}),
  };
  spec.linux->masked_paths = {"/proc/acpi"};
  spec.linux->readonly_paths = {"/proc/bus"};
  BuildInputs inputs = BaseInputs();
  inputs.has_kcore = true;
  AddSources(spec, inputs);
  CHECK(Build(spec, inputs) ==
        R"(rootfs id-mapped-bind /b/rootfs readonly locked propagation=rslave
filesystem /sys type=sysfs source=sysfs attr=nosuid,nodev,noexec
cgroup-tree /sys/fs/cgroup type=cgroup source=cgroup attr=nosuid
filesystem /proc type=proc source=proc attr=nosuid,nodev,noexec
dev /dev type=tmpfs source=tmpfs options=mode=755,size=65536k attr=nosuid,strictatime
  node null c 1:3 0666 0:0
  node zero c 1:5 0666 0:0
  node full c 1:7 0666 0:0
  node random c 1:8 0666 0:0
  node urandom c 1:9 0666 0:0
  node tty c 5:0 0666 0:0
  node kmsg c 1:3 0666 0:0
  link fd -> /proc/self/fd
  link stdin -> /proc/self/fd/0
  link stdout -> /proc/self/fd/1
  link stderr -> /proc/self/fd/2
  link ptmx -> pts/ptmx
  link core -> /proc/kcore
filesystem /dev/pts type=devpts source=devpts options=newinstance,ptmxmode=0666,mode=0620,gid=5 attr=nosuid,noexec
bind /v source=/src attr=ro propagation=rprivate recursive id-map locked
filesystem /t type=tmpfs source=tmpfs copy-up
last readonly /proc/bus optional over-proc
last mask /proc/acpi optional over-proc
)");
}

TEST_CASE("read-only mounts stay where the administrator wants it so") {
  BuildInputs inputs = BaseInputs();
  inputs.options.lock_in_place = true;
  const oci::Mount read_only =
      MakeMount("/v", "bind", "/src", {"rbind", "ro", "rprivate"});
  CHECK(BuildWith({read_only, MakeMount("/w", "bind", "/src", {"nosuid"}),
                   MakeMount("/vv", "tmpfs", "tmpfs", {})},
                  inputs) ==
        std::string(kRootfs) +
            "bind /v source=/src attr=ro propagation=rprivate recursive id-map "
            "locked stays\n"
            "bind /w source=/src attr=nosuid propagation=rslave id-map locked\n"
            "filesystem /vv type=tmpfs source=tmpfs\n");
  CHECK(
      BuildWith({read_only, MakeMount("/v/t", "tmpfs", "tmpfs", {})}, inputs) ==
      "mounts[1]: \"/v/t\" lies on the read-only \"/v\", which can be kept "
      "mounted only if nothing does (--allow-immutable-unmounts=false)");
  oci::Spec spec = BaseSpec();
  spec.mounts = {read_only};
  spec.linux->masked_paths = {"/v/secret"};
  AddSources(spec, inputs);
  CHECK(Build(spec, inputs).find("lies on") != std::string::npos);
  spec.linux->masked_paths.clear();
  spec.linux->rootfs_propagation = "rprivate";
  CHECK(Build(spec, inputs).find("propagation=rslave") != std::string::npos);
}

TEST_CASE("an overlay is re-assembled with a work directory of its own") {
  BuildInputs inputs = BaseInputs();
  inputs.rootfs.filesystem = "overlay";
  inputs.rootfs.overlay.emplace();
  inputs.rootfs.overlay->lower = {"/d/l/A", "/d/l/B"};
  inputs.rootfs.overlay->upper = "/d/id/diff";
  inputs.rootfs.overlay->work = "/d/id/work";
  inputs.rootfs.overlay->common_parent = "/d";
  inputs.rootfs.overlay->options = {{"metacopy", "on"}, {"volatile", ""}};
  CHECK(Build(BaseSpec(), inputs) ==
        R"(rootfs id-mapped-overlay /b/rootfs
  lower /d/l/A
  lower /d/l/B
  upper /d/id/diff
  work /d/id/work-sysbox
  below /d
  options metacopy=on,volatile
)");
}

TEST_CASE("a rootfs that is shifted already is taken as it is") {
  BuildInputs inputs = BaseInputs();
  inputs.rootfs.uid = inputs.rootfs.gid = 300000;
  CHECK(Build(BaseSpec(), inputs) == "rootfs plain-bind /b/rootfs\n");
}

TEST_CASE("without maps nothing is id-mapped") {
  BuildInputs inputs = BaseInputs();
  inputs.options.maps = {};
  CHECK(BuildWith({MakeMount("/v", "bind", "/s", {"bind", "rprivate"})},
                  inputs) ==
        "rootfs plain-bind /b/rootfs\n"
        "bind /v source=/s propagation=rprivate\n");
}

TEST_CASE("a rootfs of another id range is refused") {
  BuildInputs inputs = BaseInputs();
  inputs.rootfs.uid = inputs.rootfs.gid = 100000;
  CHECK(Build(BaseSpec(), inputs) ==
        "root.path \"/b/rootfs\": is owned by 100000:100000, ids that the "
        "container has no name for; an image store remapped to other ids "
        "cannot be used (--userns=host under a daemon with userns-remap is "
        "not supported)");
}

TEST_CASE("a directory inside an overlay cannot be the rootfs") {
  BuildInputs inputs = BaseInputs();
  inputs.rootfs.filesystem = "overlay";
  CHECK(Build(BaseSpec(), inputs).find("lies inside an overlay mount") !=
        std::string::npos);
}

TEST_CASE("which binds are id-mapped") {
  BuildInputs inputs = BaseInputs();
  inputs.options.skip_uid_shift = {"/skipped"};
  inputs.sources.resize(5);
  for (auto& source : inputs.sources) source.emplace();
  inputs.sources[0]->path = "/plain";
  inputs.sources[1]->path = "/anything";
  inputs.sources[2]->path = "/shifted";
  inputs.sources[2]->uid = inputs.sources[2]->gid = 300100;
  inputs.sources[3]->path = "/dev/shm";
  inputs.sources[4]->path = "/half";
  inputs.sources[4]->uid = 300100;
  const Strings options = {"bind", "private"};
  CHECK(
      BuildWith({MakeMount("/a", "bind", "x", options),
                 MakeMount("/skipped/", "bind", "x", options),
                 MakeMount("/c", "bind", "x", options),
                 MakeMount("/d", "bind", "x", options),
                 MakeMount("/e", "bind", "x", options)},
                inputs) ==
      std::string(kRootfs) +
          R"(bind /a source=/plain propagation=rslave propagation=private id-map
bind /skipped source=/anything propagation=rslave propagation=private
bind /c source=/shifted propagation=rslave propagation=private
bind /d source=/dev/shm propagation=rslave propagation=private
bind /e source=/half propagation=rslave propagation=private id-map
)");
}

TEST_CASE("id-mapping can be demanded") {
  BuildInputs inputs = BaseInputs();
  inputs.options.id_map_required = true;
  CHECK(BuildWith({MakeMount("/v", "bind", "/s", {"rbind", "rprivate"})},
                  inputs) ==
        std::string(kRootfs) +
            "bind /v source=/s propagation=rprivate recursive "
            "id-map-required\n");
}

TEST_CASE("no bind stays a peer of the host's mount") {
  CHECK(BuildWith({MakeMount("/a", "bind", "/s", {"rbind"}),
                   MakeMount("/b", "bind", "/s", {"rbind", "rshared"}),
                   MakeMount("/c", "bind", "/s", {"rbind", "rslave"})}) ==
        std::string(kRootfs) +
            R"(bind /a source=/s propagation=rslave recursive id-map
bind /b source=/s propagation=rslave propagation=rshared recursive id-map
bind /c source=/s propagation=rslave recursive id-map
)");
}

TEST_CASE("rw does not undo a read-only source") {
  oci::Spec spec = BaseSpec();
  spec.mounts = {MakeMount("/v", "bind", "/s", {"rbind", "rw", "rprivate"})};
  BuildInputs inputs = BaseInputs();
  AddSources(spec, inputs);
  const auto plan = BuildMountPlan(spec, inputs);
  REQUIRE(plan.ok());
  CHECK(plan->ops[0].attributes.clear == 0);
}

TEST_CASE("recursive attributes reach submounts") {
  CHECK(BuildWith({MakeMount("/v", "bind", "/s", {"rbind", "rro", "rprivate"})})
            .find("rattr=ro") != std::string::npos);
}

TEST_CASE("devices of the spec join the default ones") {
  oci::Spec spec = BaseSpec();
  spec.mounts = {MakeMount("/dev", "tmpfs", "tmpfs", {"nosuid"})};
  oci::Device tun;
  tun.path = "/dev/net/tun";
  tun.type = "c";
  tun.major = 10;
  tun.minor = 200;
  tun.file_mode = 0600;
  tun.gid = 20;
  oci::Device null;
  null.path = "/dev/null";
  null.type = "c";
  null.major = 1;
  null.minor = 3;
  null.file_mode = 0222;
  oci::Device console = null;
  console.path = "/dev/console";
  spec.linux->devices = {tun, null, console};
  const std::string text = Build(spec, BaseInputs());
  CHECK(text.find("node net/tun c 10:200 0600 0:20\n") != std::string::npos);
  CHECK(text.find("node null c 1:3 0222 0:0\n") != std::string::npos);
  CHECK(text.find("node null c 1:3 0666") == std::string::npos);
  CHECK(text.find("console") == std::string::npos);
}

TEST_CASE("a bad device is named by its field") {
  oci::Spec spec = BaseSpec();
  spec.mounts = {MakeMount("/dev", "tmpfs", "tmpfs", {})};
  oci::Device device;
  device.path = "/dev/x";
  spec.linux->devices = {device};
  spec.linux->devices[0].type = "q";
  CHECK(Build(spec, BaseInputs()) ==
        "linux.devices[0].type: unknown value \"q\"");
  spec.linux->devices[0].type = "b";
  spec.linux->devices[0].major = -1;
  CHECK(Build(spec, BaseInputs()) ==
        "linux.devices[0].major: -1 is no device number");
  spec.linux->devices[0].major = 1;
  spec.linux->devices[0].uid = 70000;
  CHECK(Build(spec, BaseInputs()) ==
        "linux.devices[0]: the container has no ids 70000:0");
}

TEST_CASE("a device outside /dev is the host's node, behind all mounts") {
  oci::Spec spec = BaseSpec();
  spec.mounts = {MakeMount("/opt", "tmpfs", "tmpfs", {})};
  oci::Device device;
  device.path = "/opt/./x";
  device.type = "c";
  device.major = 1;
  device.minor = 3;
  spec.linux->devices = {device};
  const std::string text = Build(spec, BaseInputs());
  const size_t mount = text.find(" /opt ");
  const size_t node = text.find("bind /opt/x source=/opt/./x");
  CHECK(mount != text.npos);
  CHECK(node != text.npos);
  CHECK(mount < node);
}

TEST_CASE("a /dev of the user's own gets no nodes") {
  CHECK(BuildWith({MakeMount("/dev", "bind", "/dev", {"rbind", "rprivate"})}) ==
        std::string(kRootfs) +
            "bind /dev source=/dev propagation=rprivate recursive id-map\n");
}

TEST_CASE("mounts below /proc are limited") {
  CHECK(BuildWith(
            {MakeMount("/proc/meminfo", "bind", "/m", {"bind", "rprivate"})}) ==
        std::string(kRootfs) +
            "bind /proc/meminfo source=/m propagation=rprivate id-map "
            "over-proc\n");
  CHECK(BuildWith({MakeMount("/proc/../proc/self/attr", "bind", "/m", {})}) ==
        "mounts[0].destination: \"/proc/self/attr\" is inside /proc, where "
        "only a few files may be mounted over");
  CHECK(BuildWith({MakeMount("/proc", "bind", "/p", {})}) ==
        "mounts[0].destination: only a proc file system can be mounted on "
        "/proc");
}

TEST_CASE("bad mounts are named by their field") {
  CHECK(BuildWith({MakeMount("/", "tmpfs", "t", {})}) ==
        "mounts[0].destination: \"/\" is the rootfs itself");
  CHECK(BuildWith({MakeMount("", "tmpfs", "t", {})}) ==
        "mounts[0].destination: is empty");
  CHECK(BuildWith({MakeMount("/a", "", "t", {})}) ==
        "mounts[0].type: is empty, and it is no bind mount");
  oci::Spec spec = BaseSpec();
  spec.linux->masked_paths = {"relative"};
  CHECK(Build(spec, BaseInputs()) ==
        "linux.maskedPaths[0]: \"relative\" is not absolute");
  spec = BaseSpec();
  spec.linux->rootfs_propagation = "sometimes";
  CHECK(Build(spec, BaseInputs()) ==
        "linux.rootfsPropagation: unknown value \"sometimes\"");
}

TEST_CASE("the sysfs of a network of the host's is the launcher's to make") {
  BuildInputs inputs = BaseInputs();
  inputs.network_of_host = "/run/netns/web";
  inputs.options.emulated = {{"/sys/devices", EmulatedFrom::kStatic}};
  CHECK(BuildWith({MakeMount("/sys", "sysfs", "sysfs", {"nosuid"})}, inputs) ==
        std::string(kRootfs) +
            "host-sysfs /sys type=sysfs source=/run/netns/web attr=nosuid\n"
            "emulated /sys/devices from=static\n");
}

TEST_CASE("a mount's own maps must be the container's") {
  oci::Mount mount = MakeMount("/v", "bind", "/s", {"rbind", "rprivate"});
  mount.uid_mappings = {{.container_id = 0, .host_id = 300000, .size = 65536}};
  mount.gid_mappings = mount.uid_mappings;
  CHECK(BuildWith({mount}).find(" id-map") != std::string::npos);
  mount.gid_mappings[0].host_id = 1;
  CHECK(BuildWith({mount}).find("other than the container's own") !=
        std::string::npos);
}

TEST_CASE("emulated files follow the filesystem they belong to") {
  BuildInputs inputs = BaseInputs();
  inputs.options.emulated = {
      {"/proc/sys/kernel", EmulatedFrom::kStatic},
      {"/proc/sys/kernel/shmmax", EmulatedFrom::kNativeIfOwned},
      {"/proc/uptime", EmulatedFrom::kLive},
      {"/sys/devices/virtual", EmulatedFrom::kStatic}};
  CHECK(BuildWith({MakeMount("/sys", "sysfs", "sysfs", {"ro"}),
                   MakeMount("/proc", "proc", "proc", {}),
                   MakeMount("/proc/uptime", "bind", "/u", {"bind"}),
                   MakeMount("/elsewhere", "proc", "proc", {})},
                  inputs) ==
        std::string(kRootfs) +
            "filesystem /sys type=sysfs source=sysfs attr=ro\n"
            "emulated /sys/devices/virtual from=static attr=ro\n"
            "filesystem /proc type=proc source=proc\n"
            "emulated /proc/sys/kernel from=static\n"
            "emulated /proc/sys/kernel/shmmax from=native-if-owned\n"
            "emulated /proc/uptime from=live\n"
            "bind /proc/uptime source=/u propagation=rslave id-map over-proc\n"
            "filesystem /elsewhere type=proc source=proc\n");
}

}  // namespace
}  // namespace sysbox::mounts
