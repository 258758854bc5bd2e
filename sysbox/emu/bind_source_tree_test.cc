#include "sysbox/emu/bind_source_tree.h"

#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/emu/emulated_mounts.h"
#include "sysbox/emu/emulated_tree.h"
#include "sysbox/emu/fake_view.h"
#include "sysbox/mounts/emulated_name.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu {
namespace {

constexpr fuse::Caller kInit = {.pid = 1, .uid = 0, .gid = 0};

std::map<std::string, fuse::NodeId> Root(fuse::Tree& tree) {
  std::map<std::string, fuse::NodeId> names;
  for (const auto& entry : VALUE_OF(tree.List(kInit, fuse::kRootNode))) {
    names[entry.name] = entry.node;
  }
  return names;
}

std::shared_ptr<fuse::Tree> TreeOf(FakeView& view, Superblock superblock) {
  return MakeBindSourceTree(superblock, MakeEmulatedTree(view, superblock));
}

TEST_CASE("all that init binds is in the root") {
  testing::TempDir root;
  FakeView view{root.path()};
  const auto static_tree = TreeOf(view, Superblock::kStatic);
  const auto live_tree = TreeOf(view, Superblock::kLive);
  size_t served = 0;
  for (const EmulatedMount& mount : EmulatedMounts()) {
    const bool live = mount.source == EmulatedMount::Source::kLive;
    if (!live && mount.source != EmulatedMount::Source::kStatic) continue;
    ++served;
    fuse::Tree& tree = live ? *live_tree : *static_tree;
    const std::string name = mounts::EmulatedName(mount.path);
    CAPTURE(name);
    const auto found = VALUE_OF(tree.Lookup(kInit, fuse::kRootNode, name));
    CHECK(S_ISDIR(found.mode) == mount.directory);
    CHECK(Root(tree).at(name) == found.node);
  }
  CHECK(Root(*static_tree).size() + Root(*live_tree).size() == served);
}

TEST_CASE("of what the root tells only the name is kept") {
  testing::TempDir root;
  FakeView view{root.path()};
  const auto tree = TreeOf(view, Superblock::kLive);
  const auto found =
      VALUE_OF(tree->Lookup(kInit, fuse::kRootNode, "proc:meminfo"));
  CHECK(found.fixed_name);
  CHECK_FALSE(found.fixed);
  CHECK(found.valid_ms == 0);
  CHECK_ERRNO(ENOENT, tree->Lookup(kInit, fuse::kRootNode, "proc:absent"));
}

TEST_CASE("init need not ask again for directories that it goes through") {
  testing::TempDir root;
  FakeView view{root.path()};
  const auto tree = TreeOf(view, Superblock::kStatic);
  const auto told =
      VALUE_OF(tree->Lookup(kInit, fuse::kRootNode, "proc:sys:kernel"));
  const auto asked = VALUE_OF(tree->Get(kInit, told.node));
  CHECK(told.fixed);
  CHECK(told.fixed_name);
  CHECK(told.mode == asked.mode);
  CHECK(told.uid == asked.uid);
  CHECK(told.gid == asked.gid);
}

TEST_CASE("a bound directory is the container's") {
  testing::TempDir root;
  FakeView view{root.path()};
  view.Put(Scope::kHost, "/proc/sys/vm/swappiness", "60\n");
  const auto tree = TreeOf(view, Superblock::kStatic);
  const auto vm = VALUE_OF(tree->Lookup(kInit, fuse::kRootNode, "proc:sys:vm"));
  const auto known = VALUE_OF(tree->Get(kInit, vm.node));
  CHECK(known.uid == 300000);
  CHECK(S_ISDIR(known.mode));
  const auto file = VALUE_OF(tree->Lookup(kInit, vm.node, "swappiness"));
  CHECK(VALUE_OF(tree->Read(kInit, file.node)) == "60\n");
}

TEST_CASE("what is bound upon our directories is walked to from the root") {
  const auto& paths = PathsToMountPoints(Superblock::kStatic);
  const auto has = [&](const std::string& path) {
    return std::find(paths.begin(), paths.end(), path) != paths.end();
  };
  CHECK(has("proc:sys:kernel/random/uuid"));
  CHECK(has("sys:devices/virtual/net"));
  CHECK(has("sys:devices/system/cpu"));
  CHECK(has("sys:fs/cgroup"));
  CHECK(PathsToMountPoints(Superblock::kLive).empty());
}

}  // namespace
}  // namespace sysbox::emu
