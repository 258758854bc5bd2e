#include "sysbox/linux/procfs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

absl::StatusOr<DetachedMount> NewProcfs(FdRef pid_namespace,
                                        const FilesystemOption& option) {
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context, OpenProcfs(pid_namespace));
  return FinishFilesystem(std::move(context), "proc", {option}, 0);
}

TEST_CASE("a procfs shows the pid namespace asked for") {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  const Fd own = VALUE_OF(OpenOwnNamespace(NamespaceType::kPid));
  REQUIRE_OK(Unshare(CLONE_NEWPID));
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  REQUIRE_OK(EnterNamespace(own, NamespaceType::kPid));
  const Fd theirs = VALUE_OF(OpenNamespace(child, NamespaceType::kPid));
  for (int i = 0; i < 2; ++i) {
    const DetachedMount procfs = VALUE_OF(NewProcfs(theirs, {"hidepid", "1"}));
    const Fd first =
        VALUE_OF(OpenAt(procfs.fd(), "1/ns/pid", {.flags = O_RDONLY}));
    CHECK(VALUE_OF(IdOf(first)) == VALUE_OF(IdOf(theirs)));
    CHECK(ErrnoOf(OpenAt(procfs.fd(), "2", {.flags = O_PATH}).status()) ==
          ENOENT);
  }
  CHECK(ErrnoOf(NewProcfs(theirs, {"no-such", "1"}).status()) == EINVAL);
  CHECK_OK(NewProcfs(own, {"hidepid", "0"}).status());
  kill(child, SIGKILL);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(NewProcfs(theirs, {"no-such", "1"}).ok());
}

}  // namespace
}  // namespace sysbox
