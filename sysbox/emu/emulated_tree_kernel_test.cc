// The tree as the kernel's FUSE caches it: what is written is what is read,
// and what changes by itself is seen.
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "catch2/catch.hpp"
#include "sysbox/emu/emulated_tree.h"
#include "sysbox/emu/fake_view.h"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/fuse/server.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu {
namespace {

struct Served {
  Served() {
    fuse::FuseMount made = VALUE_OF(fuse::MakeFuseMount({}));
    server = VALUE_OF(fuse::Server::Start({.threads = 2}));
    (void)VALUE_OF(server->Add(std::move(made.device),
                               MakeEmulatedTree(view, Superblock::kStatic),
                               {.kind = fuse::ServiceKind::kStatic}));
    mount = std::move(made.mount);
  }
  absl::StatusOr<std::string> Read(const std::string& path) {
    return ReadFileAt(mount.fd(), path.substr(1));
  }
  absl::Status Write(const std::string& path, std::string_view data) {
    return WriteExistingAt(mount.fd(), path.substr(1), data);
  }
  std::set<std::string> List(const std::string& path) {
    const Fd directory = VALUE_OF(
        OpenAt(mount.fd(), path.substr(1), {.flags = O_RDONLY | O_DIRECTORY}));
    const auto names = VALUE_OF(ListDirectory(directory));
    return {names.begin(), names.end()};
  }

  testing::TempDir root;
  FakeView view{root.path()};
  std::unique_ptr<fuse::Server> server;
  DetachedMount mount;
};

TEST_CASE("private values are read as they were written, refused or not") {
  Served fs;
  const std::string path = "/proc/sys/vm/max_map_count";
  fs.view.Put(Scope::kHost, path, "65530\n");
  CHECK(VALUE_OF(fs.Read(path)) == "65530\n");
  REQUIRE_OK(fs.Write(path, "262144\n"));
  CHECK(VALUE_OF(fs.Read(path)) == "262144\n");
  REQUIRE_OK(fs.Write(path, "7"));
  CHECK(VALUE_OF(fs.Read(path)) == "7\n");
  CHECK_ERRNO(EINVAL, fs.Write(path, "-1"));
  CHECK(VALUE_OF(fs.Read(path)) == "7\n");
  const struct stat stat = VALUE_OF(StatAt(fs.mount.fd(), path.substr(1)));
  CHECK(stat.st_mode == (S_IFREG | 0644));
  CHECK(stat.st_uid == 300000);
  CHECK(stat.st_size == 2);
}

TEST_CASE("a sibling's write is seen through the cache") {
  Served fs;
  const std::string ratio = "/proc/sys/vm/dirty_ratio";
  const std::string bytes = "/proc/sys/vm/dirty_bytes";
  fs.view.Put(Scope::kHost, ratio, "20\n");
  fs.view.Put(Scope::kHost, bytes, "0\n");
  CHECK(VALUE_OF(fs.Read(ratio)) == "20\n");
  CHECK(VALUE_OF(fs.Read(bytes)) == "0\n");
  REQUIRE_OK(fs.Write(bytes, "8192"));
  CHECK(VALUE_OF(fs.Read(ratio)) == "0\n");
  REQUIRE_OK(fs.Write(ratio, "9"));
  CHECK(VALUE_OF(fs.Read(bytes)) == "0\n");
}

TEST_CASE("what the host or a namespace changes is seen at once") {
  Served fs;
  const std::string counter = "/proc/sys/fs/file-nr";
  const std::string name = "/proc/sys/kernel/hostname";
  fs.view.Put(Scope::kHost, name, "host\n");
  for (const char* text : {"9\n", "10\n", "10\n", "11\n", "8\n"}) {
    fs.view.Put(Scope::kHost, counter, text, 0444);
    CHECK(VALUE_OF(fs.Read(counter)) == text);
  }
  for (const uint64_t inode : {4026532001, 4026532002, 4026532001}) {
    fs.view.set_namespace(inode);
    fs.view.Put(Scope::kUts, name, std::to_string(inode) + "\n");
    CHECK(VALUE_OF(fs.Read(name)) == std::to_string(inode) + "\n");
  }
  REQUIRE_OK(fs.Write(name, "web"));
  CHECK(VALUE_OF(fs.Read(name)) == "web");
}

TEST_CASE("an interface's files come and go") {
  Served fs;
  const std::string neigh = "/proc/sys/net/ipv4/neigh";
  fs.view.Put(Scope::kHost, neigh + "/default/gc_thresh1", "128\n");
  fs.view.Put(Scope::kNetwork, neigh + "/lo/locktime", "0\n");
  CHECK(fs.List(neigh) == std::set<std::string>{"default", "lo"});
  CHECK_ERRNO(ENOENT, fs.Read(neigh + "/eth0/locktime"));
  fs.view.Put(Scope::kNetwork, neigh + "/eth0/locktime", "5\n");
  CHECK(VALUE_OF(fs.Read(neigh + "/eth0/locktime")) == "5\n");
  CHECK(fs.List(neigh) == std::set<std::string>{"default", "eth0", "lo"});
  REQUIRE_OK(RemoveTree(fs.root / ("network" + neigh + "/eth0")));
  CHECK_ERRNO(ENOENT, fs.Read(neigh + "/eth0/locktime"));
  CHECK(fs.List(neigh) == std::set<std::string>{"default", "lo"});
}

}  // namespace
}  // namespace sysbox::emu
