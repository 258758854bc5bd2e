#include "sysbox/mounts/emulated_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/mount_attributes.h"

namespace sysbox::mounts {
namespace {

constexpr char kHiddenPlace[] = "/sys";

absl::Status AttachHidden(const DetachedMount& mount) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd place,
                          Open(kHiddenPlace, {.flags = O_PATH | O_DIRECTORY}));
  return AttachMount(mount, place);
}

bool IsNative(const MountOp& op) {
  return op.emulated_from == EmulatedFrom::kNative ||
         op.emulated_from == EmulatedFrom::kNativeIfOwned;
}

// Invalid if there is none.
absl::StatusOr<Fd> FindTarget(const MountOp& op, FdRef root) {
  auto target = OpenInRoot(root, op.target, {.flags = O_PATH | O_NOFOLLOW});
  const int error = ErrnoOf(target.status());
  if (error == ENOENT || error == ENOTDIR) return Fd();
  return target;
}

// Invalid if there is nothing to be cloned.
absl::StatusOr<DetachedMount> CloneNative(const MountOp& op, FdRef root) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, FindTarget(op, root));
  if (!target.valid()) return DetachedMount();
  if (op.emulated_from == EmulatedFrom::kNativeIfOwned) {
    SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(target));
    if (found.st_uid != geteuid()) return DetachedMount();
  }
  return CloneTree(target, "", false);
}

// Directories of one filesystem, relative to its root, and the names in each
// that are bound or on the way to what is.
using Steps = std::map<std::string, std::set<std::string>>;

void AddSteps(std::string_view path, Steps& steps) {
  path.remove_prefix(1);
  for (size_t start = 0; start != std::string_view::npos;) {
    const size_t end = path.find('/', start);
    const std::string_view directory = path.substr(0, start);
    steps[std::string(directory)].emplace(
        path.substr(start, end == path.npos ? end : end - start));
    start = end == path.npos ? end : end + 1;
  }
}

// Whoever serves the filesystem is asked once about all names in a directory
// (FUSE_READDIRPLUS), rather than about each.
absl::Status AskAbout(const DetachedMount& source, const Steps& steps) {
  for (const auto& [directory, names] : steps) {
    if (names.size() < 2) continue;  // costs a request either way
    const absl::StatusOr<Fd> opened =
        OpenAt(source.fd(), directory.empty() ? "." : directory,
               {.flags = O_RDONLY | O_DIRECTORY});
    if (ErrnoOf(opened.status()) == ENOENT) continue;
    SYSBOX_RETURN_IF_ERROR(opened.status());
    SYSBOX_RETURN_IF_ERROR(ReadDirectoryOnce(*opened));
  }
  return absl::OkStatus();
}

DetachedMount TakeLast(std::vector<DetachedMount>& mounts) {
  DetachedMount last = std::move(mounts.back());
  mounts.pop_back();
  return last;
}

}  // namespace

absl::StatusOr<EmulatedSources> EmulatedSources::Attach(
    std::vector<DetachedMount>& prepared) {
  if (prepared.size() < 3) return Internal("emulated filesystems are missing");
  DetachedMount live = TakeLast(prepared);
  DetachedMount static_files = TakeLast(prepared);
  SYSBOX_RETURN_IF_ERROR(AttachHidden(static_files), "static files");
  SYSBOX_RETURN_IF_ERROR(AttachHidden(live), "live files");
  return EmulatedSources(std::move(static_files), std::move(live));
}

absl::Status EmulatedSources::LookAhead(absl::Span<const MountOp> ops) const {
  Steps in_static, in_live;
  for (const MountOp& op : ops) {
    if (IsNative(op)) continue;
    AddSteps(op.target,
             op.emulated_from == EmulatedFrom::kLive ? in_live : in_static);
  }
  SYSBOX_RETURN_IF_ERROR(AskAbout(static_, in_static), "static files");
  return Annotate(AskAbout(live_, in_live), "live files");
}

absl::Status EmulatedSources::BindServed(const MountOp& op,
                                         FdRef target) const {
  const DetachedMount& source =
      op.emulated_from == EmulatedFrom::kLive ? live_ : static_;
  SYSBOX_ASSIGN_OR_RETURN(
      const DetachedMount clone,
      CloneTree(source.fd(), std::string_view(op.target).substr(1), false));
  SYSBOX_RETURN_IF_ERROR(ApplyAttributes(clone.fd(), op));
  return AttachMount(clone, target);
}

absl::Status EmulatedSources::Bind(absl::Span<const MountOp> ops,
                                   FdRef root) const {
  SYSBOX_RETURN_IF_ERROR(LookAhead(ops));
  std::vector<DetachedMount> natives(ops.size());
  for (size_t i = 0; i < ops.size(); ++i) {
    if (!IsNative(ops[i])) continue;
    SYSBOX_ASSIGN_OR_RETURN(natives[i], CloneNative(ops[i], root), "{}",
                            ops[i].target);
  }
  for (size_t i = 0; i < ops.size(); ++i) {
    const MountOp& op = ops[i];
    if (IsNative(op) && !natives[i].valid()) continue;
    SYSBOX_ASSIGN_OR_RETURN(const Fd target, FindTarget(op, root), "emulate {}",
                            op.target);
    if (!target.valid()) continue;
    SYSBOX_RETURN_IF_ERROR(
        IsNative(op) ? AttachMount(natives[i], target) : BindServed(op, target),
        "emulate {}", op.target);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::mounts
