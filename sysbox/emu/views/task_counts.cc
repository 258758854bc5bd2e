#include "sysbox/emu/views/task_counts.h"

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"

namespace sysbox::emu::views {
namespace {

constexpr int kMostCgroups = 512;
constexpr size_t kMostLookedAt = 512;

absl::Status AddTasks(FdRef directory, std::string_view file,
                      std::vector<pid_t>* tasks) {
  const absl::StatusOr<std::string> text = ReadFileAt(directory, file);
  // ENODEV: it was just removed. EOPNOTSUPP: v2's "domain invalid" has none.
  const int error = ErrnoOf(text.status());
  if (error == ENODEV || error == ENOENT || error == EOPNOTSUPP) {
    return absl::OkStatus();
  }
  SYSBOX_RETURN_IF_ERROR(text);
  ForEachLine(*text, [tasks](std::string_view line) {
    const std::optional<int64_t> task = ParseInt64(line);
    if (task && *task > 0) tasks->push_back(static_cast<pid_t>(*task));
  });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<pid_t>> TasksBelow(const ResourceGroup& group) {
  std::vector<pid_t> tasks;
  if (!group.Has(Controller::kFreezer)) return tasks;
  const std::string_view file =
      group.Unified(Controller::kFreezer) ? "cgroup.threads" : "tasks";
  int visited = 0;
  cgroups::TreeVisitor visitor;
  visitor.enter = [&](FdRef directory) -> absl::Status {
    if (++visited > kMostCgroups) return absl::CancelledError();
    return AddTasks(directory, file, &tasks);
  };
  const absl::Status walked =
      cgroups::WalkCgroups(group.Directory(Controller::kFreezer), visitor);
  if (!absl::IsCancelled(walked)) SYSBOX_RETURN_IF_ERROR(walked);
  return tasks;
}

uint64_t NewestOf(const std::vector<pid_t>& tasks) {
  const pid_t newest = *std::max_element(tasks.begin(), tasks.end());
  const absl::StatusOr<std::string> status =
      ReadFile(fmt::format("/proc/{}/status", newest));
  return status.ok() ? PidInside(*status) : 0;  // it may have ended
}

}  // namespace

uint64_t PidInside(std::string_view status) {
  uint64_t pid = 0;
  ForEachLine(status, [&pid](std::string_view line) {
    if (!TakePrefix(&line, "NSpid:")) return;
    TakeField(&line);
    pid = TakeNumber(&line);
  });
  return pid;
}

absl::StatusOr<TaskCounts> CountTasks(const ResourceGroup& group) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<pid_t> tasks, TasksBelow(group));
  TaskCounts counts;
  counts.total = tasks.size();
  if (tasks.empty()) return counts;
  counts.newest = NewestOf(tasks);
  const size_t step = (tasks.size() + kMostLookedAt - 1) / kMostLookedAt;
  for (size_t i = 0; i < tasks.size(); i += step) {
    const char state = ProcessState(tasks[i]).value_or('X');
    if (state == 'R') counts.running += step;
    if (state == 'D') counts.blocked += step;
  }
  return counts;
}

}  // namespace sysbox::emu::views
