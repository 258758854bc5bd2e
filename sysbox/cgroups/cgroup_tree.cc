#include "sysbox/cgroups/cgroup_tree.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
constexpr mode_t kDirectoryMode = 0755;

bool Gone(const absl::Status& status) {
  // ENODEV: a file of a cgroup that was just removed.
  return ErrnoOf(status) == ENOENT || ErrnoOf(status) == ENODEV;
}

// A container may nest deeper than we may open files: only the last few
// directories of the way stay open, the others are found again through "..".
// That is safe, since a cgroup never changes its parent.
constexpr size_t kOpenLevels = 64;

class Walk {
 public:
  Walk(FdRef root, const TreeVisitor& visitor)
      : root_(root), visitor_(visitor) {}

  absl::Status Run() {
    SYSBOX_ASSIGN_OR_RETURN(Fd top,
                            OpenAt(root_, ".", {.flags = kDirectoryFlags}));
    SYSBOX_RETURN_IF_ERROR(Enter(std::move(top), ""));
    while (!levels_.empty()) SYSBOX_RETURN_IF_ERROR(Step());
    return absl::OkStatus();
  }

 private:
  struct Level {
    Fd directory;
    std::string name;
    std::vector<std::string> below;
  };

  absl::Status Step() {
    Level& level = levels_.back();
    if (level.below.empty()) return Leave();
    const std::string name = std::move(level.below.back());
    level.below.pop_back();
    absl::StatusOr<Fd> child =
        OpenAt(level.directory, name, {.flags = kDirectoryFlags});
    if (Gone(child.status())) return absl::OkStatus();
    SYSBOX_RETURN_IF_ERROR(child);
    return Enter(*std::move(child), name);
  }

  absl::Status Enter(Fd directory, const std::string& name) {
    if (visitor_.enter) SYSBOX_RETURN_IF_ERROR(visitor_.enter(directory));
    absl::StatusOr<std::vector<std::string>> below = Below(directory);
    if (Gone(below.status())) below.emplace();
    SYSBOX_RETURN_IF_ERROR(below);
    levels_.push_back({std::move(directory), name, *std::move(below)});
    if (levels_.size() > kOpenLevels) {
      levels_[levels_.size() - 1 - kOpenLevels].directory.Reset();
    }
    return absl::OkStatus();
  }

  absl::Status Leave() {
    Level left = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.empty()) return absl::OkStatus();
    Level& parent = levels_.back();
    if (!parent.directory.valid()) {
      SYSBOX_ASSIGN_OR_RETURN(
          parent.directory,
          OpenAt(left.directory, "..", {.flags = kDirectoryFlags}));
    }
    if (!visitor_.leave) return absl::OkStatus();
    left.directory.Reset();
    return visitor_.leave(parent.directory, left.name);
  }

  static absl::StatusOr<std::vector<std::string>> Below(FdRef directory) {
    std::vector<std::string> names;
    // A cgroup directory's link count is 2 plus the directories in it.
    SYSBOX_ASSIGN_OR_RETURN(const struct stat self, Stat(directory));
    if (self.st_nlink == 2) return names;
    SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> all,
                            ListDirectory(directory));
    for (std::string& name : all) {
      if (names.size() + 2 == self.st_nlink) break;  // found them all
      absl::StatusOr<struct stat> info =
          StatAt(directory, name, AT_SYMLINK_NOFOLLOW);
      if (info.ok() && S_ISDIR(info->st_mode)) names.push_back(std::move(name));
    }
    return names;
  }

  FdRef root_;
  const TreeVisitor& visitor_;
  std::vector<Level> levels_;
};

absl::Status AppendProcesses(FdRef directory, std::vector<pid_t>* pids) {
  absl::StatusOr<std::string> text = ReadFileAt(directory, "cgroup.procs");
  // EOPNOTSUPP: a threaded cgroup; its processes are listed at the root of
  // its threaded domain, which is not below it.
  if (Gone(text.status()) || ErrnoOf(text.status()) == EOPNOTSUPP) {
    return absl::OkStatus();
  }
  SYSBOX_RETURN_IF_ERROR(text);
  for (std::string_view line : SplitLines(*text)) {
    const std::optional<int64_t> pid = ParseInt64(line);
    if (pid && *pid > 0) pids->push_back(static_cast<pid_t>(*pid));
  }
  return absl::OkStatus();
}

absl::Status RemoveNested(std::string_view path) {
  absl::StatusOr<Fd> root = OpenCgroupDirectory(path);
  if (Gone(root.status())) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(root);
  TreeVisitor visitor;
  visitor.leave = [](FdRef parent, const std::string& name) {
    absl::Status status = UnlinkAt(parent, name, AT_REMOVEDIR);
    // A busy one makes its parents busy too: the caller's rmdir tells.
    if (Gone(status) || ErrnoOf(status) == EBUSY) return absl::OkStatus();
    return status;
  };
  return WalkCgroups(*root, visitor);
}

}  // namespace

absl::Status WalkCgroups(FdRef root, const TreeVisitor& visitor) {
  return Walk(root, visitor).Run();
}

absl::StatusOr<Fd> OpenCgroupDirectory(std::string_view path) {
  return Open(path, {.flags = kDirectoryFlags});
}

absl::StatusOr<std::vector<pid_t>> ProcessesBelow(FdRef root) {
  std::vector<pid_t> pids;
  TreeVisitor visitor;
  visitor.enter = [&pids](FdRef directory) {
    return AppendProcesses(directory, &pids);
  };
  SYSBOX_RETURN_IF_ERROR(WalkCgroups(root, visitor));
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

absl::Status RemoveCgroup(std::string_view path) {
  absl::Status status = RemoveDirectory(path);
  if (ErrnoOf(status) == EBUSY || ErrnoOf(status) == ENOTEMPTY) {
    SYSBOX_RETURN_IF_ERROR(RemoveNested(path));
    status = RemoveDirectory(path);
  }
  return Gone(status) ? absl::OkStatus() : status;
}

absl::StatusOr<bool> MakeCgroup(const std::string& path) {
  // Twice: another container's end may remove a shared parent in between.
  for (int attempt = 0;; ++attempt) {
    const absl::Status status = MakeDirectory(path, kDirectoryMode);
    if (status.ok()) return true;
    if (ErrnoOf(status) == EEXIST) return false;
    if (ErrnoOf(status) != ENOENT || attempt == 2) return status;
    SYSBOX_RETURN_IF_ERROR(
        MakeDirectories(path.substr(0, path.rfind('/')), kDirectoryMode));
  }
}

}  // namespace sysbox::cgroups
