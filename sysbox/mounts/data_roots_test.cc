#include "sysbox/mounts/data_roots.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

using Strings = std::vector<std::string>;

// What is found besides the usual places.
Strings Unusual(const testing::TempDir& rootfs, const Strings& args = {}) {
  const testing::TempDir empty;
  const auto find = [](const testing::TempDir& dir, const Strings& words) {
    const Fd root = VALUE_OF(Open(dir.path(), {.flags = O_PATH | O_DIRECTORY}));
    Strings paths;
    for (const DataRoot& found : FindDataRoots(root, words)) {
      paths.push_back(found.path);
    }
    return paths;
  };
  const Strings usual = find(empty, {});
  CHECK(std::count(usual.begin(), usual.end(), "/var/lib/docker") == 1);
  Strings unusual = find(rootfs, args);
  std::erase_if(unusual, [&](const std::string& path) {
    return std::count(usual.begin(), usual.end(), path) != 0;
  });
  return unusual;
}

void Put(const testing::TempDir& rootfs, const std::string& path,
         const std::string& text) {
  const std::string file = rootfs / path;
  CHECK_OK(MakeDirectories(file.substr(0, file.rfind('/')), 0755));
  CHECK_OK(ReplaceFile(file, text, 0644));
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
  CHECK(Unusual(rootfs) == Strings{"/srv/containerd", "/srv/containers",
                                   "/srv/docker", "/srv/k3s"});
}

TEST_CASE("the command line names data roots, behind a wrapper too") {
  testing::TempDir rootfs;
  CHECK(Unusual(rootfs, {"dockerd", "--data-root", "/a"}) == Strings{"/a"});
  CHECK(Unusual(rootfs, {"tini", "--", "/usr/bin/dockerd", "--debug",
                         "--data-root=/a"}) == Strings{"/a"});
  CHECK(Unusual(rootfs, {"sh", "--data-root", "/a"}).empty());
  CHECK(Unusual(rootfs, {"dockerd", "--data-root"}).empty());
}

TEST_CASE("of two data roots one of which is below the other, one is kept") {
  testing::TempDir rootfs;
  CHECK(Unusual(rootfs, {"dockerd", "-g", "/a", "--data-root", "/a/b"}) ==
        Strings{"/a"});
  CHECK(Unusual(rootfs, {"dockerd", "-g", "/var/lib/docker/x"}).empty());
}

TEST_CASE("a hostile image gets nothing but directories of its own") {
  testing::TempDir rootfs;
  for (const char* path :
       {"/", "", "relative", "/proc/x", "/a/../proc", "/dev", "/sys/fs"}) {
    INFO(path);
    CHECK(Unusual(rootfs, {"dockerd", "-g", path}).empty());
  }
  CHECK_OK(MakeDirectories(rootfs / "etc/docker", 0755));
  CHECK_OK(MakeNodeAt(FdRef::Cwd(), rootfs / "etc/docker/daemon.json",
                      S_IFIFO | 0644, 0));
  CHECK(Unusual(rootfs).empty());
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
