#include "sysbox/mounts/host_data_roots.h"

#include <algorithm>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

struct Host {
  Host() {
    for (const char* path : {"rootfs", "a", "b"}) {
      CHECK_OK(MakeDirectory(dir / path, 0755));
    }
  }
  std::vector<HostDataRoot> Find(const std::string& source,
                                 const std::string& target,
                                 std::vector<std::string> options = {"rbind"}) {
    oci::Spec spec;
    oci::Mount bind;
    bind.destination = target;
    bind.source = source;
    bind.options = std::move(options);
    spec.mounts = {bind};
    return VALUE_OF(FindHostDataRoots(spec, dir.path(), dir / "rootfs"));
  }
  testing::TempDir dir;
};

// As the manager compares: what is held by its first name.
bool Same(const std::vector<HostDataRoot>& held,
          const std::vector<HostDataRoot>& wanted) {
  REQUIRE(held.size() == 1);
  REQUIRE(wanted.size() == 1);
  const std::vector<std::string>& names = wanted[0].names;
  return std::find(names.begin(), names.end(), held[0].names[0]) != names.end();
}

TEST_CASE("a directory bound on an engine's usual place is one") {
  Host host;
  const auto found = host.Find("a", "/var/lib//docker/");
  REQUIRE(found.size() == 1);
  CHECK(found[0].target == "/var/lib/docker");
  CHECK(found[0].path == host.dir / "a");
  CHECK(Same(found, host.Find(host.dir / "a", "/var/lib/containerd")));
  CHECK_FALSE(Same(found, host.Find("b", "/var/lib/docker")));
}

TEST_CASE("other binds are none") {
  Host host;
  CHECK(host.Find("a", "/srv").empty());
  CHECK(host.Find("a", "/var/lib/docker/certs").empty());
  CHECK(host.Find("a", "/var/lib/docker", {"rbind", "ro"}).empty());
  CHECK_OK(ReplaceFile(host.dir / "file", "", 0644));
  CHECK(host.Find("file", "/var/lib/docker").empty());
}

TEST_CASE("links on the host and inside lead to one directory") {
  Host host;
  const auto plain = host.Find("a", "/var/lib/docker");
  CHECK_OK(Symlink("a", host.dir / "link"));
  CHECK(Same(plain, host.Find("link", "/var/lib/docker")));
  CHECK_OK(MakeDirectories(host.dir / "rootfs/var/lib", 0755));
  CHECK_OK(MakeDirectories(host.dir / "rootfs/data", 0755));
  CHECK_OK(Symlink("/data", host.dir / "rootfs/var/lib/docker"));
  CHECK(Same(plain, host.Find("a", "/data")));
}

TEST_CASE("the directory may lie below the bind, and not exist yet") {
  Host host;
  const auto before = host.Find("a", "/var/lib/rancher");
  REQUIRE(before.size() == 2);
  CHECK(before[0].path == host.dir / "a/k3s");
  CHECK(host.Find("a", "/var/lib/rancher/k3s/agent/images").empty());
  CHECK_OK(MakeDirectory(host.dir / "a/k3s", 0755));
  const auto k3s = host.Find("a/k3s", "/var/lib/rancher/k3s");
  CHECK(Same({before[0]}, k3s));
  CHECK_FALSE(Same({before[1]}, k3s));
  CHECK(Same(k3s, {host.Find("a", "/var/lib/rancher")[0]}));
}

TEST_CASE("what is configured in a bound file counts") {
  Host host;
  CHECK_OK(ReplaceFile(host.dir / "d.json", R"({"data-root": "/e"})", 0644));
  oci::Spec spec;
  oci::Mount config, data;
  config.destination = "/etc/docker/daemon.json";
  config.source = "d.json";
  config.options = data.options = {"bind"};
  data.destination = "/e";
  data.source = "a";
  spec.mounts = {config, data};
  const auto found =
      VALUE_OF(FindHostDataRoots(spec, host.dir.path(), host.dir / "rootfs"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].target == "/e");
}

}  // namespace
}  // namespace sysbox::mounts
