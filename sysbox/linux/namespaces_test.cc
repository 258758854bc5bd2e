#include "sysbox/linux/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::RunInNamespaces;
using testing::RunInUserNamespace;

TEST_CASE("every namespace type has its file below /proc and its flag") {
  for (int i = 0; i < kNamespaceTypeCount; ++i) {
    const auto type = static_cast<NamespaceType>(i);
    INFO(ProcName(type));
    const Fd own = VALUE_OF(OpenOwnNamespace(type));
    const Fd same = VALUE_OF(OpenNamespace(getpid(), type));
    CHECK(VALUE_OF(IdOf(own)) == VALUE_OF(IdOf(same)));
    // Checked against the kernel's own opinion, NS_GET_NSTYPE.
    const std::string path = "/proc/self/ns/" + std::string(ProcName(type));
    CHECK_OK(OpenNamespacePath(path, type));
  }
  CHECK(CloneFlag(NamespaceType::kMount) == CLONE_NEWNS);
}

TEST_CASE("a namespace path must lead to a namespace of the type") {
  const testing::TempDir dir;
  CHECK(MessageOf(OpenNamespacePath("/proc/self/ns/net", NamespaceType::kIpc)
                      .status()) == "/proc/self/ns/net: not a ipc namespace");
  CHECK(MessageOf(
            OpenNamespacePath("/dev/null", NamespaceType::kNetwork).status()) ==
        "/dev/null: not a namespace");
  CHECK_ERRNO(ENOENT,
              OpenNamespacePath(dir / "absent", NamespaceType::kNetwork));
  // A FIFO without a writer would block an ordinary open.
  REQUIRE_OK(MakeNodeAt(FdRef::Cwd(), dir / "fifo", S_IFIFO | 0600, 0));
  CHECK_FALSE(OpenNamespacePath(dir / "fifo", NamespaceType::kNetwork).ok());
}

absl::Status LeaveAndReturn() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd old, OpenOwnNamespace(NamespaceType::kUts));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId old_id, IdOf(old));
  SYSBOX_RETURN_IF_ERROR(Unshare(CLONE_NEWUTS));
  SYSBOX_ASSIGN_OR_RETURN(const Fd left, OpenOwnNamespace(NamespaceType::kUts));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId left_id, IdOf(left));
  RETURN_UNLESS(!(left_id == old_id));
  RETURN_UNLESS(ErrnoOf(EnterNamespace(old, NamespaceType::kIpc)) == EINVAL);
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(old, NamespaceType::kUts));
  SYSBOX_ASSIGN_OR_RETURN(const Fd now, OpenOwnNamespace(NamespaceType::kUts));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId now_id, IdOf(now));
  RETURN_UNLESS(now_id == old_id);
  return absl::OkStatus();
}

TEST_CASE("a namespace can be left and entered again") {
  CHECK_OK(RunInNamespaces(0, LeaveAndReturn));
}

absl::Status CheckOwners() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd user,
                          OpenOwnNamespace(NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(const Fd uts, OpenOwnNamespace(NamespaceType::kUts));
  SYSBOX_ASSIGN_OR_RETURN(const Fd net,
                          OpenOwnNamespace(NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(const Fd owner, OwningUserNamespace(uts));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId owner_id, IdOf(owner));
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId user_id, IdOf(user));
  RETURN_UNLESS(owner_id == user_id);
  // The host's network namespace belongs to a namespace out of our sight.
  RETURN_UNLESS(ErrnoOf(OwningUserNamespace(net).status()) == EPERM);
  return absl::OkStatus();
}

TEST_CASE("the owner of a namespace is its user namespace, if visible") {
  CHECK_OK(RunInUserNamespace(CLONE_NEWUTS, CheckOwners));
}

TEST_CASE("all namespaces of a process are entered at once by its pidfd") {
  const absl::Status status = RunInNamespaces(0, [] {
    const Fd parent(static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0)));
    SYSBOX_RETURN_IF_ERROR(Unshare(CLONE_NEWUTS | CLONE_NEWIPC));
    SYSBOX_RETURN_IF_ERROR(
        EnterNamespacesOf(parent, CLONE_NEWUTS | CLONE_NEWIPC));
    for (const auto type : {NamespaceType::kUts, NamespaceType::kIpc}) {
      SYSBOX_ASSIGN_OR_RETURN(const Fd own, OpenOwnNamespace(type));
      SYSBOX_ASSIGN_OR_RETURN(const Fd its, OpenNamespace(getppid(), type));
      SYSBOX_ASSIGN_OR_RETURN(const NamespaceId own_id, IdOf(own));
      SYSBOX_ASSIGN_OR_RETURN(const NamespaceId its_id, IdOf(its));
      RETURN_UNLESS(own_id == its_id);
    }
    return absl::OkStatus();
  });
  CHECK_OK(status);
}

TEST_CASE("the maps written for a user namespace are read back") {
  const absl::Status status = RunInUserNamespace(0, [] {
    const IdMapLine line = {.inside = 0,
                            .outside = testing::kHostIdBase,
                            .size = testing::kHostIdCount};
    SYSBOX_ASSIGN_OR_RETURN(const auto uids, ReadUidMap(getpid()));
    RETURN_UNLESS(uids == std::vector<IdMapLine>{line});
    SYSBOX_ASSIGN_OR_RETURN(const auto gids, ReadGidMap(getpid()));
    RETURN_UNLESS(gids == std::vector<IdMapLine>{line});
    RETURN_UNLESS(getuid() == 0 && getgid() == 0);
    // Maps are written once.
    RETURN_UNLESS(ErrnoOf(WriteUidMap(getpid(), {line})) == EPERM);
    return absl::OkStatus();
  });
  CHECK_OK(status);
}

TEST_CASE("the initial namespace's map reads as all ids") {
  const std::vector<IdMapLine> map = VALUE_OF(ReadUidMap(getpid()));
  REQUIRE_FALSE(map.empty());
  CHECK(map.front().size > 0);
}

TEST_CASE("maps of no or too many lines are refused before the kernel") {
  CHECK(WriteUidMap(getpid(), {}).code() == absl::StatusCode::kInvalidArgument);
  const std::vector<IdMapLine> lines(341);
  CHECK(MessageOf(WriteGidMap(getpid(), lines)) ==
        "gid_map of 341 lines: 1 to 340 allowed");
}

TEST_CASE("a process that is gone has no namespaces") {
  CHECK_ERRNO(ENOENT, OpenNamespace(1 << 30, NamespaceType::kPid));
  CHECK_ERRNO(ENOENT, ReadUidMap(1 << 30));
}

}  // namespace
}  // namespace sysbox
