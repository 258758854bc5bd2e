#include "sysbox/cgroups/test_host.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

[[noreturn]] void Die(const absl::Status& status) {
  const std::string text = status.ToString();
  std::fprintf(stderr, "test host: %s\n", text.c_str());
  std::abort();
}

[[noreturn]] void RunChild(const JoinHandles& handles, FdRef joined,
                           int (*body)()) {
  for (const Fd& tasks : handles.tasks) {
    if (!WriteAll(tasks, "0").ok()) _exit(70);
  }
  if (!SignalEventFd(joined).ok()) _exit(71);
  if (body != nullptr) _exit(body());
  for (;;) pause();
}

}  // namespace

std::string UniquePath() {
  static std::atomic<int> count = 0;
  return fmt::format("/sysbox-cgroups-test-{}-{}", getpid(), ++count);
}

DestroyAtEnd::~DestroyAtEnd() {
  (void)cgroup_->Thaw();
  (void)cgroup_->KillAll();
  const absl::Status status = cgroup_->Destroy();
  if (!status.ok()) Die(status);
}

OwnedChild StartIn(const JoinHandles& handles, int (*body)()) {
  absl::StatusOr<Fd> joined = MakeEventFd();
  if (!joined.ok()) Die(joined.status());
  CloneOptions options;
  if (handles.into.valid()) options.into_cgroup = handles.into;
  auto child = Clone(options);
  if (!child.ok()) Die(child.status());
  if (!child->has_value()) RunChild(handles, *joined, body);
  absl::StatusOr<bool> ready = WaitReadable(*joined, 10000);
  if (!ready.ok() || !*ready) Die(Internal("child did not join"));
  return **std::move(child);
}

absl::StatusOr<Hierarchy> UnifiedHierarchy() {
  SYSBOX_ASSIGN_OR_RETURN(Hierarchies found, ReadHierarchies());
  if (!found.unified) return NotFound("cgroup v2 hierarchy is not mounted");
  return *std::move(found.unified);
}

absl::StatusOr<Place> UnifiedPlace(const std::string& cgroups_path) {
  SYSBOX_ASSIGN_OR_RETURN(const Hierarchy unified, UnifiedHierarchy());
  return Place{{}, unified.mount_point, unified.mount_point + cgroups_path};
}

}  // namespace sysbox::cgroups
