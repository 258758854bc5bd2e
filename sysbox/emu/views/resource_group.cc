#include "sysbox/emu/views/resource_group.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <optional>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/delegation.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu::views {
namespace {

// In the order of Controller.
constexpr std::string_view kNames[] = {"blkio",  "cpu",     "cpuacct",
                                       "cpuset", "devices", "freezer",
                                       "memory", "pids",    ""};
static_assert(std::size(kNames) == kControllerCount);

// A container may nest cgroups deeper than anyone's limits do: what is between
// the nearest and the highest of them is passed over.
constexpr int kNearest = 16;
constexpr int kHighest = 16;
constexpr std::string_view kUp = "../";
// As far up as a path leads.
constexpr int kMostLevels = (PATH_MAX - NAME_MAX) / int{kUp.size()};

int LevelsOf(std::string_view path) {
  const auto levels = std::count(path.begin(), path.end(), '/');
  return static_cast<int>(std::clamp<int64_t>(levels, 1, kMostLevels));
}

bool Absent(const absl::Status& status) {
  return ErrnoOf(status) == ENOENT || ErrnoOf(status) == EOPNOTSUPP;
}

absl::StatusOr<std::string> ReadIfPresent(FdRef directory,
                                          std::string_view file) {
  const absl::StatusOr<Fd> opened =
      OpenAt(directory, file, {.flags = O_RDONLY});
  if (Absent(opened.status())) return std::string();
  SYSBOX_RETURN_IF_ERROR(opened);
  absl::StatusOr<std::string> text = ReadKernelFile(*opened);
  if (Absent(text.status())) return std::string();
  return text;
}

}  // namespace

std::string_view LimitedPath(std::string_view path, Nesting nesting) {
  const std::string child = "/" + std::string(cgroups::kV1Child);
  for (size_t at = path.find(child); at != std::string_view::npos;
       at = path.find(child, at + 1)) {
    const size_t end = at + child.size();
    if (end != path.size() && path[end] != '/') continue;
    if (nesting == Nesting::kContainer || end == path.size()) {
      return path.substr(0, at);
    }
    const std::string_view below =
        LimitedPath(path.substr(end), Nesting::kContainer);
    return path.substr(0, end + below.size());
  }
  const std::string leaf = "/" + std::string(cgroups::kV2Leaf);
  if (path.size() > leaf.size() &&
      path.substr(path.size() - leaf.size()) == leaf) {
    path.remove_suffix(leaf.size());
  }
  return path;
}

absl::Status ResourceGroup::Open(const cgroups::Hierarchies& hierarchies,
                                 std::string_view proc_cgroup,
                                 Nesting nesting) {
  for (const cgroups::Hierarchy& hierarchy : hierarchies.v1) {
    SYSBOX_RETURN_IF_ERROR(OpenIn(hierarchy, proc_cgroup, nesting));
  }
  if (!hierarchies.unified) return absl::OkStatus();
  return OpenIn(*hierarchies.unified, proc_cgroup, nesting);
}

absl::Status ResourceGroup::OpenIn(const cgroups::Hierarchy& hierarchy,
                                   std::string_view proc_cgroup,
                                   Nesting nesting) {
  const auto serves = [&hierarchy, this](size_t controller) {
    if (hierarchy.unified()) return index_[controller] == kAbsent;
    return std::find(hierarchy.controllers.begin(), hierarchy.controllers.end(),
                     kNames[controller]) != hierarchy.controllers.end();
  };
  std::vector<size_t> served;
  for (size_t i = 0; i < kControllerCount; ++i) {
    if (serves(i)) served.push_back(i);
  }
  const std::optional<std::string> inside =
      served.empty() ? std::nullopt : cgroups::CgroupIn(hierarchy, proc_cgroup);
  if (!inside) return absl::OkStatus();
  const std::string_view path = LimitedPath(*inside, nesting);
  absl::StatusOr<Fd> fd =
      sysbox::Open(hierarchy.mount_point + std::string(path),
                   {.flags = O_PATH | O_DIRECTORY});
  // Mounted otherwise than the kernel names it: nothing is known of it then.
  // An inner container's has gone, and the container's own has to do.
  const bool unknown =
      ErrnoOf(fd.status()) == ENOENT && nesting == Nesting::kContainer;
  if (unknown) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(fd);
  for (size_t i : served) index_[i] = static_cast<int8_t>(held_.size());
  held_.push_back({*std::move(fd), LevelsOf(path), hierarchy.unified()});
  name_.append(path).push_back('\n');
  return absl::OkStatus();
}

const ResourceGroup::HeldDirectory* ResourceGroup::Held(
    Controller controller) const {
  const int8_t index = index_[static_cast<size_t>(controller)];
  return index == kAbsent ? nullptr : &held_[static_cast<size_t>(index)];
}

bool ResourceGroup::Has(Controller controller) const {
  return Held(controller) != nullptr;
}

bool ResourceGroup::Unified(Controller controller) const {
  const HeldDirectory* held = Held(controller);
  return held != nullptr && held->unified;
}

FdRef ResourceGroup::Directory(Controller controller) const {
  const HeldDirectory* held = Held(controller);
  return held == nullptr ? FdRef(-1) : FdRef(held->fd);
}

absl::StatusOr<std::string> ResourceGroup::Read(Controller controller,
                                                std::string_view file) const {
  const HeldDirectory* held = Held(controller);
  if (held == nullptr) return std::string();
  return ReadIfPresent(held->fd, file);
}

absl::StatusOr<std::vector<ResourceGroup::FileAbove>>
ResourceGroup::ReadUpwards(Controller controller, std::string_view file) const {
  std::vector<FileAbove> files;
  const HeldDirectory* held = Held(controller);
  if (held == nullptr) return files;
  std::string up;
  for (int level = 0; level < held->levels; ++level) {
    if (level < kNearest || level >= held->levels - kHighest) {
      SYSBOX_ASSIGN_OR_RETURN(std::string text,
                              ReadIfPresent(held->fd, up + std::string(file)));
      files.push_back({up, std::move(text)});
    }
    up += kUp;
  }
  return files;
}

absl::StatusOr<uint64_t> ResourceGroup::LowestLimit(
    Controller controller, std::string_view file) const {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<FileAbove> files,
                          ReadUpwards(controller, file));
  uint64_t lowest = cgroups::kUnlimited;
  for (const FileAbove& above : files) {
    const std::optional<uint64_t> limit =
        cgroups::ParseLimit(cgroups::Trim(above.text));
    if (limit) lowest = std::min(lowest, *limit);
  }
  return lowest;
}

}  // namespace sysbox::emu::views
