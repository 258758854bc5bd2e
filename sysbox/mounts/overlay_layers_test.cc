#include "sysbox/mounts/overlay_layers.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mounts {
namespace {

MountInfo Overlay(std::string mount_point, std::string super_options) {
  MountInfo mount;
  mount.mount_point = std::move(mount_point);
  mount.type = "overlay";
  mount.super_options = std::move(super_options);
  return mount;
}

TEST_CASE("the common parent is above every path") {
  CHECK(CommonParent({"/a/b/c", "/a/b/d"}) == "/a/b");
  CHECK(CommonParent({"/a/b/c", "/a/bc/d"}) == "/a");
  CHECK(CommonParent({"/a/b", "/a/b/c"}) == "/a");
  CHECK(CommonParent({"/a", "/b"}) == "/");
  CHECK(CommonParent({"/a/b"}) == "/a");
  CHECK(CommonParent({}) == "/");
}

TEST_CASE("absolute layers need no look at the disk") {
  const OverlayLayers layers = VALUE_OF(FindOverlayLayers(
      Overlay("/d/id/merged",
              "rw,lowerdir=/d/l/A:/d/l/B,upperdir=/d/id/diff,workdir=/d/id/"
              "work,metacopy=on")));
  CHECK(layers.common_parent == "/d");
  CHECK(layers.lower == std::vector<std::string>{"/d/l/A", "/d/l/B"});
  CHECK(layers.upper == "/d/id/diff");
  CHECK(layers.work == "/d/id/work");
  CHECK(layers.options.size() == 2);
}

TEST_CASE("docker's relative layers are found from above the mount point") {
  testing::TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "l/A", 0755));
  REQUIRE_OK(MakeDirectories(dir / "id/diff", 0755));
  const OverlayLayers layers = VALUE_OF(FindOverlayLayers(
      Overlay(dir / "id/merged",
              "rw,lowerdir=l/A:l/B,upperdir=id/diff,workdir=id/work")));
  CHECK(layers.common_parent == dir.path());
  CHECK(layers.lower[1] == dir / "l/B");
  CHECK(layers.upper == dir / "id/diff");
}

TEST_CASE("containerd's relative layers are found from above the upper one") {
  testing::TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "12/fs", 0755));
  const OverlayLayers layers = VALUE_OF(FindOverlayLayers(
      Overlay("/run/elsewhere/rootfs",
              "rw,lowerdir=12/fs:11/fs,upperdir=" + (dir / "13/fs") +
                  ",workdir=" + (dir / "13/work"))));
  CHECK(layers.lower[0] == dir / "12/fs");
  CHECK(layers.common_parent == dir.path());
}

TEST_CASE("a relative layer that exists nowhere is an error") {
  const auto layers =
      FindOverlayLayers(Overlay("/absent/merged", "rw,lowerdir=no/such/layer"));
  CHECK(MessageOf(layers.status()) ==
        "overlay on \"/absent/merged\": layer \"no/such/layer\" is not found "
        "from above it");
}

}  // namespace
}  // namespace sysbox::mounts
