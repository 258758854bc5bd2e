// On the real kernel: processes in namespaces of their own stand in for
// containers and their callers. Needs root.

#include "sysbox/fsd/kernel_files.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::fsd {
namespace {

using emu::Scope;
using testing::TempDir;

constexpr char kHostname[] = "/proc/sys/kernel/hostname";
constexpr char kShmmni[] = "/proc/sys/kernel/shmmni";
constexpr char kTtl[] = "/proc/sys/net/ipv4/ip_default_ttl";
constexpr uint64_t kContainer =
    CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;

[[noreturn]] void SleepForEver() {
  for (;;) pause();
}

// A process that does nothing, in new namespaces with maps.
OwnedChild ProcessIn(uint64_t flags) {
  auto child = VALUE_OF(Clone({.flags = flags}));
  if (!child.has_value()) SleepForEver();
  if ((flags & CLONE_NEWUSER) != 0) {
    const IdMapLine line[] = {{0, testing::kHostIdBase, testing::kHostIdCount}};
    REQUIRE_OK(WriteUidMap(child->pid(), line));
    REQUIRE_OK(WriteGidMap(child->pid(), line));
  }
  return *std::move(child);
}

// A container, and a caller of it.
class World {
 public:
  explicit World(uint64_t flags = kContainer)
      : init_(ProcessIn(flags)),
        registry_(VALUE_OF(registry::ContainerRegistry::Open(dir_.path()))),
        home_(VALUE_OF(HomeNamespaces::Open())) {
    const IdMap map =
        MapOnto({.first = testing::kHostIdBase, .size = testing::kHostIdCount});
    container_ = VALUE_OF(registry_->Add("c", {map, map}));
    REQUIRE_OK(registry_->Activate("c", init_.pid()));
    files_ = MakeKernelFiles(home_, *container_);
  }
  emu::KernelFiles& files() { return *files_; }
  pid_t init() const { return init_.pid(); }
  fuse::Caller Root() const { return By(init()); }
  static fuse::Caller By(pid_t pid) {
    return {pid, testing::kHostIdBase, testing::kHostIdBase};
  }

 private:
  TempDir dir_;
  OwnedChild init_;
  std::unique_ptr<registry::ContainerRegistry> registry_;
  HomeNamespaces home_;
  std::shared_ptr<registry::Container> container_;
  std::unique_ptr<emu::KernelFiles> files_;
};

std::string OwnHostname() {
  utsname names = {};
  REQUIRE(uname(&names) == 0);
  return names.nodename;
}

TEST_CASE("values are those of the caller's namespaces") {
  World world;
  const std::string hostname = VALUE_OF(ReadFile(kHostname));
  const std::string shmmni = VALUE_OF(ReadFile(kShmmni));
  const std::string ttl = VALUE_OF(ReadFile(kTtl));
  emu::KernelFiles& files = world.files();
  REQUIRE_OK(files.Write(world.Root(), Scope::kUts, kHostname, "inside"));
  REQUIRE_OK(files.Write(world.Root(), Scope::kIpc, kShmmni, "77"));
  REQUIRE_OK(files.Write(world.Root(), Scope::kNetwork, kTtl, "99"));
  CHECK(VALUE_OF(files.Read(world.Root(), Scope::kUts, kHostname)) ==
        "inside\n");
  CHECK(VALUE_OF(files.Read(world.Root(), Scope::kIpc, kShmmni)) == "77\n");
  CHECK(VALUE_OF(files.Read(world.Root(), Scope::kNetwork, kTtl)) == "99\n");
  CHECK(VALUE_OF(ReadFile(kHostname)) == hostname);
  CHECK(VALUE_OF(ReadFile(kShmmni)) == shmmni);
  CHECK(VALUE_OF(ReadFile(kTtl)) == ttl);
}

TEST_CASE("the kernel itself asks for the container's init") {
  World world;
  REQUIRE_OK(world.files().Write(world.Root(), Scope::kUts, kHostname, "i"));
  CHECK(VALUE_OF(world.files().Read({}, Scope::kUts, kHostname)) == "i\n");
}

TEST_CASE("nobody in particular writes nothing") {
  World world;
  const std::string before =
      VALUE_OF(world.files().Read(world.Root(), Scope::kUts, kHostname));
  CHECK(ErrnoOf(world.files().Write({}, Scope::kUts, kHostname, "stolen")) ==
        EPERM);
  CHECK(VALUE_OF(world.files().Read(world.Root(), Scope::kUts, kHostname)) ==
        before);
}

TEST_CASE("of more numbers than a value has, the first is taken") {
  World world;
  CHECK_OK(world.files().Write(world.Root(), Scope::kIpc, kShmmni, "7 8\n"));
  CHECK(VALUE_OF(world.files().Read(world.Root(), Scope::kIpc, kShmmni)) ==
        "7\n");
}

TEST_CASE("the host's namespaces are nobody's, whatever pid asks") {
  World world;
  const std::string before = OwnHostname();
  for (Scope scope : {Scope::kUts, Scope::kIpc, Scope::kNetwork}) {
    CHECK(ErrnoOf(world.files()
                      .Read(World::By(getpid()), scope, kHostname)
                      .status()) == EPERM);
    CHECK(ErrnoOf(world.files().Write(World::By(getpid()), scope, kHostname,
                                      "stolen")) == EPERM);
    CHECK(ErrnoOf(
              world.files().NamespaceOf(World::By(getpid()), scope).status()) ==
          EPERM);
  }
  CHECK(ErrnoOf(world.files().Write(world.Root(), Scope::kHost, kHostname,
                                    "stolen")) == EPERM);
  CHECK(OwnHostname() == before);
}

TEST_CASE("another container's namespaces are not this one's") {
  World world, other;
  CHECK(ErrnoOf(world.files().Write(other.Root(), Scope::kUts, kHostname,
                                    "stolen")) == EPERM);
  CHECK(ErrnoOf(
            world.files().Read(other.Root(), Scope::kNetwork, kTtl).status()) ==
        EPERM);
}

TEST_CASE("a joined namespace of the host's is read and not written") {
  const OwnedChild neighbour = ProcessIn(CLONE_NEWNET);
  const Fd network =
      VALUE_OF(OpenNamespace(neighbour.pid(), NamespaceType::kNetwork));
  const Fd home = VALUE_OF(OpenOwnNamespace(NamespaceType::kNetwork));
  REQUIRE_OK(EnterNamespace(network, NamespaceType::kNetwork));
  auto world = std::make_unique<World>(CLONE_NEWUSER | CLONE_NEWUTS);
  REQUIRE_OK(EnterNamespace(home, NamespaceType::kNetwork));
  // Its home must be the host's, so it is made anew there.
  HomeNamespaces host = VALUE_OF(HomeNamespaces::Open());
  TempDir dir;
  auto registry = VALUE_OF(registry::ContainerRegistry::Open(dir.path()));
  auto container = VALUE_OF(registry->Add("c", {}));
  REQUIRE_OK(registry->Activate("c", world->init()));
  auto files = MakeKernelFiles(host, *container);
  CHECK_OK(files->Read(world->Root(), Scope::kNetwork, kTtl));
  CHECK(ErrnoOf(files->Write(world->Root(), Scope::kNetwork, kTtl, "9")) ==
        EPERM);
}

TEST_CASE("who is gone has no namespaces") {
  World world;
  pid_t gone = 0;
  {
    const OwnedChild child = ProcessIn(0);
    gone = child.pid();
  }
  CHECK(ErrnoOf(world.files()
                    .Read(World::By(gone), Scope::kUts, kHostname)
                    .status()) == ESRCH);
}

TEST_CASE("user and pid namespaces cannot be entered by a thread") {
  World world;
  CHECK(
      ErrnoOf(
          world.files().Read(world.Root(), Scope::kUser, kHostname).status()) ==
      EOPNOTSUPP);
}

TEST_CASE("threads that serve several containers mix nothing up") {
  World worlds[3];
  for (int i = 0; i < 3; ++i) {
    REQUIRE_OK(worlds[i].files().Write(worlds[i].Root(), Scope::kUts, kHostname,
                                       std::to_string(i)));
  }
  const std::string before = OwnHostname();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 200; ++n) {
        const int i = (n + t) % 3;
        auto read =
            worlds[i].files().Read(worlds[i].Root(), Scope::kUts, kHostname);
        if (!read.ok() || *read != std::to_string(i) + "\n") ++wrong[t];
        auto mine = ReadFile(kHostname);
        if (!mine.ok() || *mine != before + "\n") ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
}

}  // namespace
}  // namespace sysbox::fsd
