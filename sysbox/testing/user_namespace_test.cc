#include "sysbox/testing/user_namespace.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::testing {
namespace {

TEST_CASE("the body is root of a user namespace on foreign host ids") {
  const TempDir dir;
  REQUIRE_OK(ChangeModeAt(FdRef::Cwd(), dir.path(), 0777));
  const std::string made = dir / "made";
  CHECK_OK(RunInUserNamespace(0, [&]() -> absl::Status {
    RETURN_UNLESS(getuid() == 0 && getgid() == 0);
    return ReplaceFile(made, "", 0644);
  }));
  const struct stat found = VALUE_OF(StatAt(FdRef::Cwd(), made));
  CHECK(found.st_uid == kHostIdBase);
  CHECK(found.st_gid == kHostIdBase);
}

TEST_CASE("a body's error comes back with its text and errno") {
  const absl::Status status =
      RunInUserNamespace(0, [] { return ErrnoStatus(EROFS, "write x"); });
  CHECK(MessageOf(status) == "write x: Read-only file system");
  CHECK(ErrnoOf(status) == EROFS);
  CHECK_THAT(
      std::string(MessageOf(RunInUserNamespace(0,
                                               []() -> absl::Status {
                                                 RETURN_UNLESS(1 + 1 == 3);
                                                 return absl::OkStatus();
                                               }))),
      Catch::Contains("not true: 1 + 1 == 3"));
}

TEST_CASE("a body that dies or throws is an error") {
  CHECK(MessageOf(RunInUserNamespace(0, []() -> absl::Status {
          kill(getpid(), SIGKILL);
          return absl::OkStatus();
        })) == "the child was killed by signal 9");
  CHECK_FALSE(RunInUserNamespace(0, []() -> absl::Status {
                throw std::runtime_error("x");
              }).ok());
  CHECK(MessageOf(RunInUserNamespace(0, []() -> absl::Status { _exit(0); })) ==
        "the child sent no report");
}

TEST_CASE("the child is pid 1 of a new pid namespace and leaves no zombie") {
  CHECK_OK(RunInUserNamespace(CLONE_NEWPID, []() -> absl::Status {
    RETURN_UNLESS(getpid() == 1);
    return absl::OkStatus();
  }));
  CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("without a user namespace the host's ids stay") {
  CHECK_OK(RunInNamespaces(CLONE_NEWUTS, [] {
    SYSBOX_ASSIGN_OR_RETURN(const auto map, ReadUidMap(getpid()));
    RETURN_UNLESS(map.front().size != kHostIdCount);
    return absl::OkStatus();
  }));
}

TEST_CASE("a user namespace outlives the process that made it") {
  const Fd ns = VALUE_OF(MakeUserNamespace());
  CHECK_OK(RunInNamespaces(0, [&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(EnterNamespace(ns, NamespaceType::kUser));
    SYSBOX_ASSIGN_OR_RETURN(const auto map, ReadUidMap(getpid()));
    RETURN_UNLESS(map.front().size == kHostIdCount);
    return absl::OkStatus();
  }));
}

TEST_CASE("a temporary directory is private and goes with all in it") {
  std::string path;
  {
    const TempDir dir;
    path = dir.path();
    CHECK((VALUE_OF(StatAt(FdRef::Cwd(), path)).st_mode & 07777) == 0700);
    REQUIRE_OK(MakeDirectories(dir / "a/b", 0755));
  }
  CHECK_FALSE(Exists(path));
}

}  // namespace
}  // namespace sysbox::testing
