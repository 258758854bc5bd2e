#include "sysbox/emu/emulated_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/fake_view.h"
#include "sysbox/emu/node_numbers.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu {
namespace {

constexpr std::string_view kSwappiness = "/proc/sys/vm/swappiness";
constexpr std::string_view kHostname = "/proc/sys/kernel/hostname";

struct Container {
  testing::TempDir root;
  FakeView view{root.path()};
  fuse::Caller caller = {.pid = 7, .uid = 300000, .gid = 400000};
  std::unique_ptr<fuse::Tree> tree =
      MakeEmulatedTree(view, Superblock::kStatic);

  absl::StatusOr<fuse::Attributes> Walk(std::string_view path) {
    absl::StatusOr<fuse::Attributes> node = tree->Get(caller, fuse::kRootNode);
    for (const absl::string_view name :
         absl::StrSplit(ToAbsl(path), '/', absl::SkipEmpty())) {
      if (!node.ok()) return node;
      node = tree->Lookup(caller, node->node, ToStd(name));
    }
    return node;
  }
  absl::StatusOr<std::string> Read(std::string_view path) {
    SYSBOX_ASSIGN_OR_RETURN(fuse::Attributes node, Walk(path));
    return tree->Read(caller, node.node);
  }
  absl::Status Write(std::string_view path, std::string_view data,
                     uint64_t offset = 0) {
    SYSBOX_ASSIGN_OR_RETURN(fuse::Attributes node, Walk(path));
    return tree->Write(caller, node.node, data, offset);
  }
  std::set<std::string> List(std::string_view path) {
    std::set<std::string> names;
    const fuse::Attributes node = VALUE_OF(Walk(path));
    for (fuse::DirectoryEntry& entry :
         VALUE_OF(tree->List(caller, node.node))) {
      names.insert(std::move(entry.name));
    }
    return names;
  }
};

bool Same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

TEST_CASE("a private value starts as the host's and never reaches it") {
  Container container;
  container.view.Put(Scope::kHost, kSwappiness, "60\n");
  CHECK(VALUE_OF(container.Read(kSwappiness)) == "60\n");
  const fuse::Attributes before = VALUE_OF(container.Walk(kSwappiness));
  CHECK(before.mode == (S_IFREG | 0644));
  CHECK(before.uid == 300000);
  CHECK(before.gid == 400000);
  CHECK(before.size == 3);
  CHECK(before.fixed);

  REQUIRE_OK(container.Write(kSwappiness, "100\n"));
  CHECK(VALUE_OF(container.Read(kSwappiness)) == "100\n");
  CHECK(container.view.TextOf(Scope::kHost, kSwappiness) == "60\n");
  const fuse::Attributes after = VALUE_OF(container.Walk(kSwappiness));
  CHECK(after.size == 4);
  CHECK_FALSE(Same(before.changed, after.changed));
  CHECK(after.node == before.node);
}

TEST_CASE("a refused write changes nothing but what may be cached") {
  Container container;
  container.view.Put(Scope::kHost, kSwappiness, "60\n");
  const fuse::Attributes before = VALUE_OF(container.Walk(kSwappiness));
  CHECK_ERRNO(EINVAL, container.Write(kSwappiness, "201"));
  CHECK(VALUE_OF(container.Read(kSwappiness)) == "60\n");
  CHECK_FALSE(
      Same(before.changed, VALUE_OF(container.Walk(kSwappiness)).changed));
  REQUIRE_OK(container.Write(kSwappiness, "5", 1));  // not at the beginning
  CHECK(VALUE_OF(container.Read(kSwappiness)) == "60\n");
}

TEST_CASE("of two values for one thing, the one written last counts") {
  Container container;
  container.view.Put(Scope::kHost, "/proc/sys/vm/dirty_ratio", "20\n");
  container.view.Put(Scope::kHost, "/proc/sys/vm/dirty_bytes", "0\n");
  REQUIRE_OK(container.Write("/proc/sys/vm/dirty_bytes", "1048576"));
  CHECK(VALUE_OF(container.Read("/proc/sys/vm/dirty_ratio")) == "0\n");
  CHECK_FALSE(VALUE_OF(container.Walk("/proc/sys/vm/dirty_ratio")).fixed);
  REQUIRE_OK(container.Write("/proc/sys/vm/dirty_ratio", "30"));
  CHECK(VALUE_OF(container.Read("/proc/sys/vm/dirty_bytes")) == "0\n");
}

TEST_CASE("a namespace's value is the caller's, each its own node") {
  Container container;
  container.view.Put(Scope::kHost, kHostname, "host\n");
  container.view.Put(Scope::kUts, kHostname, "web\n");
  const fuse::Attributes outer = VALUE_OF(container.Walk(kHostname));
  CHECK_FALSE(outer.fixed);
  CHECK(outer.size == 4);
  CHECK(VALUE_OF(container.Read(kHostname)) == "web\n");
  REQUIRE_OK(container.Write(kHostname, "db\n"));
  CHECK(container.view.TextOf(Scope::kUts, kHostname) == "db\n");
  CHECK(container.view.TextOf(Scope::kHost, kHostname) == "host\n");
  CHECK(container.view.stored().empty());
  REQUIRE_OK(container.Write(kHostname, "x", 2));
  CHECK(container.view.TextOf(Scope::kUts, kHostname) == "dbx");

  container.view.set_namespace(4026532001);
  CHECK(VALUE_OF(container.Walk(kHostname)).node != outer.node);
  container.view.set_namespace(0);
  CHECK_ERRNO(EPERM, container.Read(kHostname));
  CHECK_ERRNO(EPERM, container.Write(kHostname, "x"));
}

TEST_CASE("what changes by itself is cached by its content") {
  Container container;
  constexpr std::string_view kPath = "/proc/sys/fs/file-nr";
  container.view.Put(Scope::kHost, kPath, "9\n", 0444);
  const fuse::Attributes first = VALUE_OF(container.Walk(kPath));
  CHECK(first.mode == (S_IFREG | 0444));
  CHECK_FALSE(first.fixed);
  CHECK(Same(first.changed, VALUE_OF(container.Walk(kPath)).changed));
  container.view.Put(Scope::kHost, kPath, "10\n", 0444);
  const fuse::Attributes second = VALUE_OF(container.Walk(kPath));
  CHECK(second.size == 3);
  CHECK_FALSE(Same(first.changed, second.changed));
  // It fits the size that was told, whatever has happened since.
  container.view.Put(Scope::kHost, kPath, "1000\n", 0444);
  CHECK(VALUE_OF(container.tree->Read(container.caller, second.node)) ==
        "10\n");
  CHECK_ERRNO(EACCES, container.Write(kPath, "1"));
  container.view.Put(Scope::kHost, "/proc/sys/kernel/osrelease", "6.18\n");
  CHECK(VALUE_OF(container.Walk("/proc/sys/kernel/osrelease")).fixed);
}

TEST_CASE("how old what the kernel knows of a file may be") {
  Container container;
  FakeView& view = container.view;
  view.Put(Scope::kHost, "/proc/sys/fs/file-nr", "1\t0\t9\n", 0444);
  const fuse::Attributes count =
      VALUE_OF(container.Walk("/proc/sys/fs/file-nr"));
  CHECK_FALSE(count.fixed_name);  // whoever opens it asks
  CHECK(count.name_valid_ms == 0);
  CHECK(count.valid_ms > 0);
  CHECK(count.valid_ms < 10);
  view.Put(Scope::kIpc, "/proc/sys/kernel/shmmax", "5\n");
  const fuse::Attributes value =
      VALUE_OF(container.Walk("/proc/sys/kernel/shmmax"));
  CHECK_FALSE(value.fixed_name);
  CHECK(value.name_valid_ms == 0);
  CHECK(value.valid_ms > 0);
  view.Put(Scope::kHost, "/proc/1/cgroup", "");
  view.Put(Scope::kHost, "/sys/devices/system/cpu/online", "0\n");
  const fuse::Attributes clock = VALUE_OF(container.Walk("/proc/uptime"));
  CHECK(clock.size > 0);
  CHECK_FALSE(clock.fixed);  // it is bound: its opening asks nobody's name
  CHECK(clock.valid_ms > 0);
  CHECK(clock.valid_ms < 10);
  // Somebody may wait for a change by poll, or write the one to see the other.
  view.Put(Scope::kUts, kHostname, "box\n");
  CHECK(VALUE_OF(container.Walk(kHostname)).valid_ms == 0);
  view.Put(Scope::kHost, "/proc/sys/vm/dirty_ratio", "20\n");
  CHECK(VALUE_OF(container.Walk("/proc/sys/vm/dirty_ratio")).valid_ms == 0);
}

TEST_CASE("a directory shows the host's names, not what is root's alone") {
  Container container;
  FakeView& view = container.view;
  view.Put(Scope::kHost, "/proc/sys/kernel/osrelease", "6.18\n");
  view.Put(Scope::kHost, "/proc/sys/kernel/panic", "0\n");
  view.Put(Scope::kHost, "/proc/sys/kernel/usermodehelper/bset", "1\n");
  REQUIRE(
      chmod(
          (container.root / "host/proc/sys/kernel/usermodehelper/bset").c_str(),
          0600) == 0);
  CHECK(container.List("/proc/sys/kernel") ==
        std::set<std::string>{"osrelease", "panic", "usermodehelper"});
  CHECK_ERRNO(ENOENT, container.Walk("/proc/sys/kernel/sysrq"));
  CHECK_ERRNO(ENOENT, container.Walk("/proc/sys/kernel/random"));
  CHECK(VALUE_OF(container.Read("/proc/sys/kernel/osrelease")) == "6.18\n");
  constexpr std::string_view kSecret = "/proc/sys/kernel/usermodehelper/bset";
  CHECK(VALUE_OF(container.Walk(kSecret)).mode == (S_IFREG | 0400));
  CHECK_ERRNO(EACCES, container.Read(kSecret));
}

TEST_CASE("a large file is read piece by piece, and never as a whole") {
  Container container;
  FakeView& view = container.view;
  std::string text(300'000, 'x');
  text += "end";
  constexpr std::string_view kLarge = "/sys/kernel/btf/vmlinux";
  view.Put(Scope::kHost, kLarge, text, 0444);
  view.Put(Scope::kHost, "/sys/kernel/btf/secret", text, 0400);
  const fuse::Attributes file = VALUE_OF(container.Walk(kLarge));
  CHECK(file.size == text.size());
  fuse::Tree& tree = *container.tree;
  CHECK(VALUE_OF(tree.ReadPiece(container.caller, file.node, 299'999, 100)) ==
        "xend");
  CHECK(VALUE_OF(tree.ReadPiece(container.caller, file.node, 0, 10)) ==
        std::string(10, 'x'));
  CHECK(VALUE_OF(tree.ReadPiece(container.caller, file.node, 400'000, 10))
            .empty());
  const fuse::Attributes secret =
      VALUE_OF(container.Walk("/sys/kernel/btf/secret"));
  CHECK_ERRNO(EACCES, tree.ReadPiece(container.caller, secret.node, 0, 10));
}

TEST_CASE("a network directory is the namespace's, and what Linux keeps back") {
  Container container;
  FakeView& view = container.view;
  constexpr std::string_view kSomaxconn = "/proc/sys/net/core/somaxconn";
  view.Put(Scope::kHost, "/proc/sys/net/core/default_qdisc", "pfifo_fast\n");
  view.Put(Scope::kHost, "/proc/sys/net/core/netdev_rss_key", "secret\n");
  view.Put(Scope::kNetwork, kSomaxconn, "4096\n");
  view.Put(Scope::kHost, kSomaxconn, "1\n");
  const std::set<std::string> names = container.List("/proc/sys/net/core");
  CHECK(names.count("default_qdisc") + names.count("somaxconn") == 2);
  CHECK(names.count("bpf_jit_limit") == 0);  // the host has none
  CHECK(VALUE_OF(container.Read("/proc/sys/net/core/rmem_max")) == "212992\n");
  CHECK_FALSE(VALUE_OF(container.Walk("/proc/sys/net/core")).fixed);
  CHECK_ERRNO(ENOENT, container.Walk("/proc/sys/net/core/netdev_rss_key"));
  REQUIRE_OK(container.Write("/proc/sys/net/core/default_qdisc", "fq\n"));
  CHECK(VALUE_OF(container.Read("/proc/sys/net/core/default_qdisc")) == "fq\n");
  CHECK(VALUE_OF(container.Read(kSomaxconn)) == "4096\n");
  REQUIRE_OK(container.Write(kSomaxconn, "511"));
  CHECK(view.TextOf(Scope::kNetwork, kSomaxconn) == "511");
  CHECK(view.TextOf(Scope::kHost, kSomaxconn) == "1\n");
}

TEST_CASE("interfaces come and go, and the default neighbours are there") {
  Container container;
  FakeView& view = container.view;
  const std::string neigh = "/proc/sys/net/ipv4/neigh";
  view.Put(Scope::kHost, neigh + "/default/gc_thresh1", "128\n");
  view.Put(Scope::kHost, neigh + "/default/locktime", "100\n");
  view.Put(Scope::kHost, neigh + "/eth7/locktime", "100\n");
  view.Put(Scope::kNetwork, neigh + "/lo/locktime", "100\n");
  CHECK(container.List(neigh) == std::set<std::string>{"default", "lo"});
  CHECK_ERRNO(ENOENT, container.Walk(neigh + "/eth7"));
  CHECK_ERRNO(ENOENT, container.Walk(neigh + "/eth0"));
  view.Put(Scope::kNetwork, neigh + "/eth0/locktime", "5\n");
  CHECK(VALUE_OF(container.Read(neigh + "/eth0/locktime")) == "5\n");
  const fuse::Attributes eth0 = VALUE_OF(container.Walk(neigh + "/eth0"));
  CHECK(eth0.name_valid_ms > 0);
  CHECK(eth0.name_valid_ms < 10);
  CHECK(VALUE_OF(container.Walk(neigh)).valid_ms < 10);
  CHECK(container.List(neigh + "/default").count("locktime") == 1);
  REQUIRE_OK(container.Write(neigh + "/default/gc_thresh1", "4096"));
  CHECK(view.TextOf(Scope::kHost, neigh + "/default/gc_thresh1") == "128\n");
  CHECK_ERRNO(EACCES, container.Write(neigh + "/default/locktime", "1"));
}

TEST_CASE("what the namespace has is its own, what it lacks the container's") {
  Container container;
  const std::string vs = "/proc/sys/net/ipv4/vs";
  container.view.Put(Scope::kNetwork, vs + "/conntrack", "0\n");
  REQUIRE_OK(container.Write(vs + "/conntrack", "1\n"));
  CHECK(container.view.TextOf(Scope::kNetwork, vs + "/conntrack") == "1\n");
  REQUIRE_OK(container.Write(vs + "/expire_nodest_conn", "1\n"));
  CHECK(VALUE_OF(container.Read(vs + "/expire_nodest_conn")) == "1\n");
  CHECK(container.List(vs).count("conn_reuse_mode") == 1);
}

TEST_CASE("the host's value is raised where the administrator allows it") {
  struct Writes : HostWrites {
    bool Allows(std::string_view path) const override {
      return path != "/proc/sys/fs/nr_open";
    }
    absl::Status Raise(std::string_view path, uint64_t value) override {
      told.push_back(fmt::format("{} >= {}", path, value));
      return answer;
    }
    absl::Status Set(std::string_view path, std::string_view value) override {
      told.push_back(fmt::format("{} = {}", path, value));
      return answer;
    }
    std::vector<std::string> told;
    absl::Status answer;
  } writes;
  Container container;
  FakeView& view = container.view;
  view.set_host_writes(&writes);
  for (const char* path : {"/proc/sys/fs/file-max", "/proc/sys/fs/nr_open",
                           "/proc/sys/vm/swappiness"}) {
    view.Put(Scope::kHost, path, "100\n");
    REQUIRE_OK(container.Write(path, "120\n"));
  }
  view.Put(Scope::kNetwork, "/proc/sys/net/core/somaxconn", "1\n");
  REQUIRE_OK(container.Write("/proc/sys/net/core/default_qdisc", "fq\n"));
  CHECK(writes.told ==
        std::vector<std::string>{"/proc/sys/fs/file-max >= 120",
                                 "/proc/sys/net/core/default_qdisc = fq"});
  CHECK_ERRNO(EINVAL, container.Write("/proc/sys/fs/file-max", "x"));
  CHECK(writes.told.size() == 2);
  // What the host refuses is not said to be done.
  writes.answer = ErrnoStatus(EINVAL, "write");
  CHECK_ERRNO(EINVAL, container.Write("/proc/sys/fs/file-max", "150\n"));
  CHECK(VALUE_OF(container.Read("/proc/sys/fs/file-max")) == "120\n");
}

TEST_CASE("orders to the host are taken and go nowhere") {
  Container container;
  constexpr std::string_view kDrop = "/proc/sys/vm/drop_caches";
  container.view.Put(Scope::kHost, kDrop, "0\n");
  REQUIRE_OK(container.Write(kDrop, "3\n"));
  CHECK_ERRNO(EINVAL, container.Write(kDrop, "5\n"));
  CHECK_ERRNO(EACCES, container.Read(kDrop));
  CHECK(container.view.TextOf(Scope::kHost, kDrop) == "0\n");
}

TEST_CASE("the host's block devices and kernel internals are not there") {
  Container container;
  FakeView& view = container.view;
  view.Put(Scope::kHost, "/sys/block/vda", "");
  view.Put(Scope::kHost, "/sys/kernel/debug/x", "");
  view.Put(Scope::kHost, "/sys/kernel/mm/ksm/run", "0\n");
  CHECK(container.List("/sys/block").empty());
  CHECK_ERRNO(ENOENT, container.Walk("/sys/block/vda"));
  CHECK(container.List("/sys/kernel") == std::set<std::string>{"mm"});
  CHECK_ERRNO(ENOENT, container.Walk("/sys/kernel/debug"));
  CHECK_ERRNO(ENOENT, container.Walk("/sys/kernel/debug/x"));
  CHECK(VALUE_OF(container.Read("/sys/kernel/mm/ksm/run")) == "0\n");
  CHECK_ERRNO(EACCES, container.Write("/sys/kernel/mm/ksm/run", "1"));
}

TEST_CASE("names that are no names are nowhere") {
  Container container;
  container.view.Put(Scope::kHost, "/proc/sys/kernel/osrelease", "6.18\n");
  const fuse::NodeId kernel = VALUE_OF(container.Walk("/proc/sys/kernel")).node;
  for (const char* name : {"", ".", "..", "../vm", "keys/gc_delay", "/etc"}) {
    INFO(name);
    CHECK_ERRNO(ENOENT, container.tree->Lookup(container.caller, kernel, name));
  }
  CHECK_ERRNO(ESTALE, container.tree->Get(container.caller, 12345));
}

TEST_CASE("a namespace's file is of no use in another one") {
  Container container;
  container.view.Put(Scope::kUts, kHostname, "inner\n");
  const fuse::NodeId node = VALUE_OF(container.Walk(kHostname)).node;
  const uint64_t other = 4026532999;
  container.view.set_namespace(other);
  CHECK_ERRNO(ESTALE, container.tree->Get(container.caller, node));
  CHECK_ERRNO(ESTALE, container.tree->Read(container.caller, node));
  CHECK_ERRNO(ESTALE,
              container.tree->Write(container.caller, node, "stolen", 0));
  CHECK(container.view.TextOf(Scope::kUts, kHostname) == "inner\n");
  CHECK(VALUE_OF(container.Walk(kHostname)).node != node);
}

TEST_CASE("another process finds the nodes that this one gave out") {
  Container container;
  FakeView& view = container.view;
  const std::string release = "/proc/sys/kernel/osrelease";
  const std::string locktime = "/proc/sys/net/ipv4/neigh/lo/locktime";
  view.Put(Scope::kHost, release, "6.18\n");
  view.Put(Scope::kNetwork, locktime, "100\n");
  const fuse::NodeId first = VALUE_OF(container.Walk(release)).node;
  const fuse::NodeId second = VALUE_OF(container.Walk(locktime)).node;
  const std::unique_ptr<fuse::Tree> successor =
      MakeEmulatedTree(view, Superblock::kStatic);
  CHECK(VALUE_OF(successor->Read(container.caller, first)) == "6.18\n");
  CHECK(VALUE_OF(successor->Read(container.caller, second)) == "100\n");
}

TEST_CASE("no node is lost on a host with more names than are remembered") {
  Container container;
  constexpr int kNames = 9000;
  const auto name = [](int i) { return fmt::format("/sys/kernel/mm/{}", i); };
  for (int i = 0; i < kNames; ++i) {
    container.view.Put(Scope::kHost, name(i), "7\n");
  }
  const fuse::NodeId asked = VALUE_OF(container.Walk(name(0))).node;
  for (int i = 0; i < kNames; i += kNames / 3) {
    CHECK(VALUE_OF(container.tree->Read(container.caller,
                                        NodeNumber(name(i)))) == "7\n");
    CHECK(VALUE_OF(container.tree->Read(container.caller, asked)) == "7\n");
  }
  CHECK_ERRNO(ESTALE,
              container.tree->Read(container.caller, NodeNumber(name(kNames))));
  CHECK(VALUE_OF(container.tree->Read(container.caller, asked)) == "7\n");
}

TEST_CASE("the boot id is the container's, of this life") {
  Container container;
  const std::string path = "/proc/sys/kernel/random/boot_id";
  container.view.Put(Scope::kHost, path, "host\n");
  const std::string id = VALUE_OF(container.Read(path));
  CHECK(id.size() == 37);
  CHECK(id[14] == '4');
  CHECK(id == VALUE_OF(container.Read(path)));
  CHECK_ERRNO(EACCES, container.Write(path, "x"));
}

TEST_CASE("a ping group range is the container's ids, cut to those it has") {
  Container container;
  container.tree = MakeEmulatedTree(container.view, Superblock::kLive);
  FakeView& view = container.view;
  constexpr std::string_view kPath = "/proc/sys/net/ipv4/ping_group_range";
  view.Put(Scope::kNetwork, kPath, "1\t0\n");
  CHECK(VALUE_OF(container.Read(kPath)) == "1\t0\n");
  REQUIRE_OK(container.Write(kPath, "0 2147483647\n"));
  CHECK(view.TextOf(Scope::kNetwork, kPath) == "400000\t465535");
  CHECK(VALUE_OF(container.Read(kPath)) == "0\t2147483647\n");
  view.Put(Scope::kNetwork, kPath, "400000\t400005\n");
  CHECK(VALUE_OF(container.Read(kPath)) == "0\t5\n");
  CHECK_ERRNO(EINVAL, container.Write(kPath, "7 5"));
}

// The rows as they would be served by a kernel that has them all.
TEST_CASE("every row is where the table says, with its mode, and writable") {
  Container container;
  for (const NodeSpec& row : NodeTable()) {
    if (!S_ISREG(row.mode)) continue;
    container.view.Put(row.scope, row.path, "1\n");
    container.view.Put(Scope::kHost, row.path, "1\n");
  }
  for (const NodeSpec& row : NodeTable()) {
    if (!S_ISREG(row.mode) || row.superblock == Superblock::kLive) continue;
    if (row.presence == Presence::kIfNamespaceLacks) continue;
    INFO(row.path);
    const fuse::Attributes node = VALUE_OF(container.Walk(row.path));
    CHECK((node.mode & S_IFMT) == S_IFREG);
    if (row.content == Content::kPrivate) CHECK(node.mode == row.mode);
    if (row.writing == Writing::kStored &&
        row.check.kind == Check::Kind::kInts && row.check.count == 1) {
      const std::string least = std::to_string(row.check.min);
      CHECK_OK(container.Write(row.path, least + "\n"));
      CHECK(VALUE_OF(container.Read(row.path)) == least + "\n");
      CHECK(container.view.TextOf(Scope::kHost, row.path) == "1\n");
    }
  }
}

}  // namespace
}  // namespace sysbox::emu
