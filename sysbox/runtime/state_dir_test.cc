#include "sysbox/runtime/state_dir.h"

#include <unistd.h>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::runtime {
namespace {

TEST_CASE("ids that could leave the state directory are refused") {
  for (const char* id : {"", ".", "..", "a/b", "a b", "a\n", "../x", "\x80"}) {
    CAPTURE(id);
    CHECK_FALSE(ValidateContainerId(id).ok());
  }
  CHECK_FALSE(ValidateContainerId(std::string(2000, 'a')).ok());
  CHECK_OK(ValidateContainerId("a.b_c+d-9"));
}

TEST_CASE("an id is claimed once") {
  testing::TempDir root;
  std::string path = root.path() + "/states";
  auto first = StateDir::Create(path, "web");
  REQUIRE_OK(first.status());
  absl::Status second = StateDir::Create(path, "web").status();
  CHECK(absl::IsAlreadyExists(second));
  CHECK(MessageOf(second) == "container with given ID already exists");
  REQUIRE_OK(first->Remove());
  CHECK_OK(StateDir::Create(path, "web").status());
}

TEST_CASE("a missing container reads as container managers expect") {
  testing::TempDir root;
  absl::Status status = StateDir::Open(root.path(), "web").status();
  CHECK(absl::IsNotFound(status));
  CHECK(MessageOf(status) == "container does not exist");
}

TEST_CASE("state survives being saved and loaded") {
  testing::TempDir root;
  auto dir = StateDir::Create(root.path(), "web");
  REQUIRE_OK(dir.status());
  oci::StateFile state;
  state.id = "web";
  state.init_pid = 42;
  state.honor_caps = true;
  REQUIRE_OK(dir->Save(state));
  auto loaded = dir->Load();
  REQUIRE_OK(loaded.status());
  CHECK(loaded->id == "web");
  CHECK(loaded->init_pid == 42);
  CHECK(loaded->honor_caps);
}

TEST_CASE("a seccomp program is kept word for word, also an empty one") {
  testing::TempDir root;
  auto dir = StateDir::Create(root.path(), "web");
  REQUIRE_OK(dir.status());
  REQUIRE_OK(dir->SaveSeccomp({{}, 0}));
  auto none = dir->LoadSeccomp();
  REQUIRE_OK(none.status());
  CHECK(none->instructions.empty());
  const std::vector<uint64_t> words = {0x20, ~uint64_t{0}, 0x7fff000000000006};
  REQUIRE_OK(dir->SaveSeccomp({words, 5}));
  auto some = dir->LoadSeccomp();
  REQUIRE_OK(some.status());
  CHECK(some->instructions == words);
  CHECK(some->flags == 5);
}

TEST_CASE("without a seccomp program, or with half of one, nothing is loaded") {
  testing::TempDir root;
  auto dir = StateDir::Create(root.path(), "web");
  REQUIRE_OK(dir.status());
  CHECK(ErrnoOf(dir->LoadSeccomp().status()) == ENOENT);
  for (const char* bytes : {"", "1234567", "123456789"}) {
    REQUIRE_OK(ReplaceVolatileFile(dir->path() + "/seccomp.bpf", bytes, 0600));
    CHECK(absl::IsDataLoss(dir->LoadSeccomp().status()));
  }
}

TEST_CASE("only one start wins the fifo") {
  testing::TempDir root;
  auto dir = StateDir::Create(root.path(), "web");
  REQUIRE_OK(dir.status());
  CHECK_FALSE(dir->HasFifo());
  auto init_end = dir->MakeFifo();
  REQUIRE_OK(init_end.status());
  CHECK(dir->HasFifo());
  CHECK_OK(dir->ReleaseFifo());
  CHECK_FALSE(dir->HasFifo());
  char byte = 0;
  CHECK(read(init_end->get(), &byte, 1) == 1);
  CHECK_FALSE(dir->ReleaseFifo().ok());
}

TEST_CASE("a fifo nobody waits at is a container that has stopped") {
  testing::TempDir root;
  auto dir = StateDir::Create(root.path(), "web");
  REQUIRE_OK(dir.status());
  { REQUIRE_OK(dir->MakeFifo().status()); }
  CHECK(MessageOf(dir->ReleaseFifo()) ==
        "cannot start a container that has stopped");
}

TEST_CASE("listing is sorted, and empty without a root") {
  testing::TempDir root;
  std::string path = root.path() + "/states";
  auto none = ListContainerIds(path);
  REQUIRE_OK(none.status());
  CHECK(none->empty());
  REQUIRE_OK(StateDir::Create(path, "b").status());
  REQUIRE_OK(StateDir::Create(path, "a").status());
  CHECK(*ListContainerIds(path) == std::vector<std::string>{"a", "b"});
}

}  // namespace
}  // namespace sysbox::runtime
