#include "sysbox/cgroups/v1_cpuset.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

struct CpusetFile {
  const char* file;
  const char* field;
  std::string CpusetValues::*value;
};
constexpr CpusetFile kFiles[] = {
    {"cpuset.cpus", "linux.resources.cpu.cpus", &CpusetValues::cpus},
    {"cpuset.mems", "linux.resources.cpu.mems", &CpusetValues::mems},
};

using Range = std::pair<uint64_t, uint64_t>;

std::optional<std::vector<Range>> ParseCpuList(std::string_view list) {
  std::vector<Range> ranges;
  for (std::string_view item : SplitFields(list, ",")) {
    const size_t dash = item.find('-');
    const std::optional<uint64_t> first = ParseUint64(item.substr(0, dash));
    const std::optional<uint64_t> last =
        dash == std::string_view::npos ? first
                                       : ParseUint64(item.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    ranges.emplace_back(*first, *last);
  }
  return ranges;
}

// What was there before, to be put back.
struct OldValue {
  Fd directory;
  const char* file;
  std::string value;
};

class Change {
 public:
  // Writes `value` to `directory`, narrowing what lies below when it must.
  absl::Status Set(FdRef directory, const char* file,
                   const std::string& value) {
    absl::Status status = Write(directory, file, value);
    if (ErrnoOf(status) != EBUSY) return status;
    SYSBOX_RETURN_IF_ERROR(NarrowBelow(directory, file, value));
    return Write(directory, file, value);
  }

  void Rollback() {
    for (auto old = old_.rbegin(); old != old_.rend(); ++old) {
      (void)WriteExistingAt(old->directory, old->file, old->value);
    }
  }

 private:
  absl::Status Write(FdRef directory, const char* file,
                     const std::string& value) {
    SYSBOX_ASSIGN_OR_RETURN(std::string before, ReadTextAt(directory, file));
    if (before == value) return absl::OkStatus();
    SYSBOX_RETURN_IF_ERROR(WriteExistingAt(directory, file, value));
    SYSBOX_ASSIGN_OR_RETURN(Fd kept, Duplicate(directory));
    old_.push_back({std::move(kept), file, std::move(before)});
    return absl::OkStatus();
  }

  absl::Status NarrowBelow(FdRef directory, const char* file,
                           const std::string& value) {
    TreeVisitor visitor;
    visitor.leave = [&](FdRef parent, const std::string& name) {
      absl::StatusOr<Fd> child =
          OpenAt(parent, name, {.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW});
      if (ErrnoOf(child.status()) == ENOENT) return absl::OkStatus();
      SYSBOX_RETURN_IF_ERROR(child);
      SYSBOX_ASSIGN_OR_RETURN(const std::string has, ReadTextAt(*child, file));
      if (has.empty()) return absl::OkStatus();
      const std::string share = IntersectCpuList(has, value);
      return Write(*child, file, share.empty() ? value : share);
    };
    return WalkCgroups(directory, visitor);
  }

  std::vector<OldValue> old_;
};

}  // namespace

std::string IntersectCpuList(std::string_view list, std::string_view within) {
  const auto left = ParseCpuList(list);
  const auto right = ParseCpuList(within);
  if (!left || !right) return "";
  std::string text;
  for (const Range& a : *left) {
    for (const Range& b : *right) {
      const uint64_t first = std::max(a.first, b.first);
      const uint64_t last = std::min(a.second, b.second);
      if (first > last) continue;
      if (!text.empty()) text += ',';
      text += first == last ? fmt::format("{}", first)
                            : fmt::format("{}-{}", first, last);
    }
  }
  return text;
}

absl::Status InitializeCpuset(const std::string& path,
                              std::string_view mount_point, bool created,
                              const CpusetValues& wanted, CpusetValues* given) {
  SYSBOX_ASSIGN_OR_RETURN(Fd directory, OpenCgroupDirectory(path));
  const size_t slash = path.rfind('/');
  const bool has_parent = slash != std::string::npos && slash > 0 &&
                          path.size() > mount_point.size();
  std::optional<CpusetValues> inherited;
  for (const CpusetFile& row : kFiles) {
    std::string& value = given->*row.value;
    if (!created) {
      SYSBOX_ASSIGN_OR_RETURN(value, ReadTextAt(directory, row.file));
    }
    std::string next = wanted.*row.value;
    // A wanted value, too, must lie within what the parent has.
    if (value.empty() && has_parent && !inherited) {
      inherited.emplace();
      SYSBOX_RETURN_IF_ERROR(InitializeCpuset(path.substr(0, slash),
                                              mount_point, /*created=*/false,
                                              {}, &*inherited));
    }
    if (next.empty() && value.empty() && inherited) {
      next = (*inherited).*row.value;
    }
    if (next.empty()) continue;
    SYSBOX_RETURN_IF_ERROR(WriteExistingAt(directory, row.file, next), "{}",
                           row.field);
    value = next;
  }
  return absl::OkStatus();
}

absl::Status UpdateCpuset(FdRef directory, FdRef child,
                          const CpusetValues& wanted) {
  Change change;
  for (const CpusetFile& row : kFiles) {
    const std::string& value = wanted.*row.value;
    if (value.empty()) continue;
    absl::Status status = change.Set(directory, row.file, value);
    if (status.ok() && child.valid()) {
      status = change.Set(child, row.file, value);
    }
    if (!status.ok()) {
      change.Rollback();
      return Annotate(status, row.field);
    }
  }
  return absl::OkStatus();
}

}  // namespace sysbox::cgroups
