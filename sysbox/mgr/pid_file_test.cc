#include "sysbox/mgr/pid_file.h"

#include <unistd.h>

#include <csignal>
#include <string>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

// Another process that holds `path`.
OwnedChild StartHolder(const std::string& path) {
  const Fd taken = VALUE_OF(MakeEventFd());
  auto child = VALUE_OF(Clone({.flags = 0, .into_cgroup = {}}));
  if (!child.has_value()) {
    const absl::StatusOr<PidFile> file = PidFile::Take(path);
    if (!file.ok() || !SignalEventFd(taken).ok()) _exit(1);
    for (;;) pause();
  }
  REQUIRE(VALUE_OF(WaitReadable(taken, 20'000)));
  return *std::move(child);
}

TEST_CASE("there is one holder, whose pid the error names") {
  const testing::TempDir dir;
  const OwnedChild holder = StartHolder(dir / "pid");
  const absl::StatusOr<PidFile> second = PidFile::Take(dir / "pid");
  REQUIRE(second.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(std::string(MessageOf(second.status()))
            .find(fmt::format("process {}", holder.pid())) !=
        std::string::npos);
}

TEST_CASE("a successor takes the lock over, a stranger does not") {
  const testing::TempDir dir;
  const PidFile first = VALUE_OF(PidFile::Take(dir / "pid"));
  CHECK(PidFile::Take(dir / "pid", VALUE_OF(Open(dir / "pid", {})))
            .status()
            .code() == absl::StatusCode::kAlreadyExists);
  Fd lock = VALUE_OF(Duplicate(first.lock()));
  const PidFile second = VALUE_OF(PidFile::Take(dir / "pid", std::move(lock)));
  CHECK(PidFile::Take(dir / "pid").status().code() ==
        absl::StatusCode::kAlreadyExists);
}

TEST_CASE("a lock on a file that is gone is none") {
  const testing::TempDir dir;
  Fd lock = VALUE_OF(TryLockFile(dir / "pid", 0644));
  REQUIRE_OK(Unlink(dir / "pid"));
  const PidFile file = VALUE_OF(PidFile::Take(dir / "pid", std::move(lock)));
  CHECK(VALUE_OF(ReadFile(dir / "pid")) == fmt::format("{}\n", getpid()));
}

TEST_CASE("a holder that is being killed is waited for") {
  const testing::TempDir dir;
  for (int i = 0; i < 20; ++i) {
    const OwnedChild holder = StartHolder(dir / "pid");
    REQUIRE_OK(holder.pidfd().Signal(SIGKILL));
    const PidFile next = VALUE_OF(PidFile::Take(dir / "pid"));
    CHECK(VALUE_OF(ReadFile(dir / "pid")) == fmt::format("{}\n", getpid()));
  }
}

}  // namespace
}  // namespace sysbox::mgr
