#include "sysbox/mounts/data_roots.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/container_files.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

using Strings = std::vector<std::string>;

Strings Find(const testing::TempDir& rootfs, const Strings& args = {}) {
  const Fd root =
      VALUE_OF(Open(rootfs.path(), {.flags = O_PATH | O_DIRECTORY}));
  Strings paths;
  for (const DataRoot& found : FindDataRoots(ContainerFiles(root), args)) {
    paths.push_back(found.path);
  }
  return paths;
}

void Put(const testing::TempDir& rootfs, const std::string& path,
         const std::string& text) {
  const std::string file = rootfs / path;
  CHECK_OK(MakeDirectories(file.substr(0, file.rfind('/')), 0755));
  CHECK_OK(ReplaceFile(file, text, 0644));
}

TEST_CASE("a program's usual place is a data root where the program can be") {
  testing::TempDir rootfs;
  CHECK(Find(rootfs).empty());
  Put(rootfs, "usr/bin/dockerd", "");
  CHECK(Find(rootfs) == Strings{"/var/lib/docker"});
  CHECK_OK(MakeDirectories(rootfs / "var/lib/kubelet", 0755));
  CHECK(Find(rootfs) == Strings{"/var/lib/docker", "/var/lib/kubelet"});
  Put(rootfs, "usr/bin/apt-get", "");
  CHECK(Find(rootfs).size() == 7);
}

TEST_CASE("configuration files of the image name data roots") {
  testing::TempDir rootfs;
  Put(rootfs, "etc/docker/daemon.json",
      R"({"debug": true, "data-root": "/srv//docker/", "x": {"graph": "/y"}})");
  Put(rootfs, "etc/rancher/k3s/config.yaml", "data-dir: '/srv/k3s'  # mine\n");
  Put(rootfs, "etc/containerd/config.toml",
      "version = 2\nroot = \"/srv/containerd\"\n[plugins]\n");
  Put(rootfs, "etc/containers/storage.conf",
      "[storage]\ngraphroot = \"/srv/containers\"\n");
  CHECK(Find(rootfs) == Strings{"/srv/containerd", "/srv/containers",
                                "/srv/docker", "/srv/k3s"});
}

TEST_CASE("the command line names data roots, behind a wrapper too") {
  testing::TempDir rootfs;
  CHECK(Find(rootfs, {"dockerd", "--data-root", "/a"}) == Strings{"/a"});
  CHECK(Find(rootfs, {"tini", "--", "/usr/bin/dockerd", "--debug",
                      "--data-root=/a"}) == Strings{"/a"});
  CHECK(Find(rootfs, {"sh", "--data-root", "/a"}).empty());
  CHECK(Find(rootfs, {"dockerd", "--data-root"}).empty());
}

TEST_CASE("of two data roots one of which is below the other, one is kept") {
  testing::TempDir rootfs;
  CHECK(Find(rootfs, {"dockerd", "-g", "/a", "--data-root", "/a/b"}) ==
        Strings{"/a"});
  CHECK_OK(MakeDirectories(rootfs / "var/lib/docker", 0755));
  CHECK(Find(rootfs, {"dockerd", "-g", "/var/lib/docker/x"}) ==
        Strings{"/var/lib/docker"});
}

TEST_CASE("a hostile image gets nothing but directories of its own") {
  testing::TempDir rootfs;
  for (const char* path :
       {"/", "", "relative", "/proc/x", "/a/../proc", "/dev", "/sys/fs"}) {
    INFO(path);
    CHECK(Find(rootfs, {"dockerd", "-g", path}).empty());
  }
  CHECK_OK(MakeDirectories(rootfs / "etc/docker", 0755));
  CHECK_OK(MakeNodeAt(FdRef::Cwd(), rootfs / "etc/docker/daemon.json",
                      S_IFIFO | 0644, 0));
  CHECK(Find(rootfs).empty());
}

TEST_CASE("a setting is a top-level line of its name") {
  using Found = std::optional<std::string>;
  CHECK(FindSetting("root = \"/x\"", "root") == Found("/x"));
  CHECK(FindSetting("a: b\nroot: /x # why\n", "root") == Found("/x"));
  CHECK(FindSetting("  root: /x\nrooted: /y\nroot /z\n", "root") == Found());
  CHECK(FindSetting(R"( {"root": "/x"})", "root") == Found("/x"));
  CHECK(FindSetting(R"({"root": 7})", "root") == Found());
  CHECK(FindSetting(R"({"root": "/x\u0041"})", "root") == Found("/xA"));
  CHECK(FindSetting("{\"root\": ", "root") == Found());
}

}  // namespace
}  // namespace sysbox::mounts
