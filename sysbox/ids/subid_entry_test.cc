#include "sysbox/ids/subid_entry.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <thread>

#include "absl/cleanup/cleanup.h"
#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/ids/subid_file.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox {
namespace {

constexpr uint32_t kSize = kSubidPoolSize;

SubidRanges Planned(std::string_view subuid, std::string_view subgid,
                    std::string_view login_defs = "") {
  auto plan = PlanSubids("sysbox", kSize, subuid, subgid, login_defs);
  REQUIRE(plan.ok());
  return plan->ranges;
}

TEST_CASE("an empty host gets the first ids for both") {
  CHECK(Planned("", "") == SubidRanges{{100000, kSize}, {100000, kSize}});
}

TEST_CASE("both files get the same base if they can") {
  CHECK(Planned("a:100000:65536\n", "b:165536:65536\n") ==
        SubidRanges{{231072, kSize}, {231072, kSize}});
}

TEST_CASE("bases differ when no common hole exists") {
  const SubidRanges ranges =
      Planned("a:100000:2000000000\na:3000000000:1294967295\n",
              "b:1500000000:2700000000\n");
  CHECK(ranges.uids == IdRange{2000100000, kSize});
  CHECK(ranges.gids == IdRange{100000, kSize});
}

TEST_CASE("an existing entry of 65536 ids or more is used as it is") {
  const char* entry = "sysbox:231072:65536\n";
  CHECK(Planned(entry, entry) == SubidRanges{{231072, 65536}, {231072, 65536}});
}

TEST_CASE("a smaller entry stays and another one is added") {
  auto plan = PlanSubids("sysbox", kSize, "sysbox:100000:1000\n", "", "");
  REQUIRE(plan.ok());
  CHECK(plan->add_uids);
  CHECK(plan->ranges.uids == IdRange{101000, kSize});
}

TEST_CASE("the missing half follows the existing one") {
  auto plan =
      PlanSubids("sysbox", kSize, "sysbox:700000000:131072\n", "x:1:2\n", "");
  REQUIRE(plan.ok());
  CHECK_FALSE(plan->add_uids);
  CHECK(plan->add_gids);
  CHECK(plan->ranges.gids == IdRange{700000000, 131072});

  plan = PlanSubids("sysbox", kSize, "sysbox:700000000:131072\n",
                    "x:700000001:2\n", "");
  REQUIRE(plan.ok());
  CHECK(plan->ranges.gids == IdRange{100000, kSize});
}

TEST_CASE("login.defs is honoured until it leaves no room") {
  const char* narrow =
      "SUB_UID_MIN 500000\nSUB_UID_MAX 600000\n"
      "SUB_GID_MIN 500000\nSUB_GID_MAX 600000\n";
  CHECK(Planned("", "", narrow) ==
        SubidRanges{{500000, kSize}, {500000, kSize}});
  const char* shifted = "SUB_UID_MIN 300000\nSUB_GID_MIN 200000\n";
  CHECK(Planned("", "", shifted) ==
        SubidRanges{{300000, kSize}, {300000, kSize}});
}

TEST_CASE("with no hole of the full size a smaller one is taken") {
  // Leaves ids 1000000..1199999 and those below 100000.
  const char* full = "a:100000:900000\nb:1200000:4293767295\n";
  CHECK(Planned(full, full) ==
        SubidRanges{{1000000, 131072}, {1000000, 131072}});
  const char* none = "a:100000:4294867295\n";
  CHECK(PlanSubids("sysbox", kSize, none, none, "").status().code() ==
        absl::StatusCode::kResourceExhausted);
}

struct Directory {
  Directory() {
    char name[] = "/tmp/subid_entry_test.XXXXXX";
    path = mkdtemp(name);
    paths = {path + "/subuid", path + "/subgid", path + "/login.defs",
             path + "/run/lock"};
  }
  ~Directory() { CHECK(RemoveTree(path).ok()); }
  std::string path;
  SubidPaths paths;
};

TEST_CASE("missing files are made, and a second call changes nothing") {
  Directory dir;
  auto first = EnsureSubids("sysbox", kSize, dir.paths);
  REQUIRE(first.ok());
  CHECK(*ReadFile(dir.paths.subuid) == "sysbox:100000:268435456\n");
  CHECK(*ReadFile(dir.paths.subgid) == "sysbox:100000:268435456\n");
  CHECK((StatAt(FdRef::Cwd(), dir.paths.subuid)->st_mode & 07777) == 0644);
  const auto inode = StatAt(FdRef::Cwd(), dir.paths.subuid)->st_ino;
  CHECK(*EnsureSubids("sysbox", kSize, dir.paths) == *first);
  CHECK(StatAt(FdRef::Cwd(), dir.paths.subuid)->st_ino == inode);
  CHECK(ListDirectory(dir.path)->size() == 3);  // no lock, no temporary file
}

TEST_CASE("a symlinked file stays a symlink") {
  Directory dir;
  REQUIRE(ReplaceFile(dir.path + "/real", "# mine\n", 0600).ok());
  REQUIRE(Symlink("real", dir.paths.subuid).ok());
  REQUIRE(EnsureSubids("sysbox", kSize, dir.paths).ok());
  CHECK(*ReadLink(dir.paths.subuid) == "real");
  CHECK(*ReadFile(dir.path + "/real") == "# mine\nsysbox:100000:268435456\n");
}

TEST_CASE("eight at once agree on one entry") {
  Directory dir;
  std::vector<std::thread> threads;
  std::vector<absl::StatusOr<SubidRanges>> results(8);
  for (auto& result : results) {
    threads.emplace_back(
        [&] { result = EnsureSubids("sysbox", kSize, dir.paths); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) {
    REQUIRE(result.ok());
    CHECK(*result == *results[0]);
  }
  CHECK(ParseSubids(*ReadFile(dir.paths.subuid)).size() == 1);
}

TEST_CASE("a lock left by a dead useradd is taken over") {
  Directory dir;
  // No process has this pid: pid_max is at most 2^22.
  REQUIRE(ReplaceFile(dir.paths.subuid + ".lock", "4194999", 0600).ok());
  CHECK(EnsureSubids("sysbox", kSize, dir.paths).ok());
  CHECK_FALSE(Exists(dir.paths.subuid + ".lock"));
}

TEST_CASE("the end of a living useradd is waited for") {
  Directory dir;
  int pipe_fds[2];
  REQUIRE(pipe2(pipe_fds, O_CLOEXEC) == 0);
  Fd read_end(pipe_fds[0]), write_end(pipe_fds[1]);
  auto holder = Fork(
      [](void* fds) {
        const int* ends = static_cast<int*>(fds);
        close(ends[1]);
        char byte;
        return static_cast<int>(read(ends[0], &byte, 1));
      },
      pipe_fds);
  REQUIRE(holder.ok());
  REQUIRE(ReplaceFile(dir.paths.subgid + ".lock", std::to_string(holder->pid()),
                      0600)
              .ok());
  absl::StatusOr<SubidRanges> result;
  std::thread waiter(
      [&] { result = EnsureSubids("sysbox", kSize, dir.paths); });
  write_end.Reset();  // the holder ends
  CHECK(holder->Wait().ok());
  waiter.join();
  CHECK(result.ok());
}

}  // namespace
}  // namespace sysbox
