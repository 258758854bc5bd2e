#include "sysbox/ids/subid_entry.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/ids/shadow_lock.h"
#include "sysbox/ids/subid_file.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

struct FileState {
  std::vector<IdRange> taken;
  std::optional<IdRange> entry;
  SubidLimits limits;
};

FileState ReadState(const std::string& owner, std::string_view text,
                    std::string_view login_defs, std::string_view prefix) {
  FileState state;
  const std::vector<SubidEntry> entries = ParseSubids(text);
  for (const SubidEntry& entry : entries) state.taken.push_back(entry.range);
  state.entry = FindEntry(entries, owner, kSubidMinSize);
  state.limits = ParseLoginDefs(login_defs, prefix);
  return state;
}

// login.defs's limit first, then ids that fit a signed int (old programs),
// then all there are.
template <typename Try>
auto WithGrowingLimits(const SubidLimits& limits, Try attempt)
    -> decltype(attempt(limits)) {
  for (uint32_t max : {limits.max, 0x7fffffffu, 0xfffffffeu}) {
    if (max < limits.max) continue;
    if (auto found = attempt(SubidLimits{limits.min, max})) return found;
  }
  return std::nullopt;
}

std::optional<SubidRanges> PlaceBoth(const FileState& uids,
                                     const FileState& gids, uint32_t size) {
  std::vector<IdRange> taken = uids.taken;
  taken.insert(taken.end(), gids.taken.begin(), gids.taken.end());
  const SubidLimits common = {std::max(uids.limits.min, gids.limits.min),
                              std::min(uids.limits.max, gids.limits.max)};
  auto same = WithGrowingLimits(common, [&](const SubidLimits& limits) {
    return FindHole(taken, limits, size);
  });
  if (same) return SubidRanges{*same, *same};
  auto find = [size](const FileState& file) {
    return WithGrowingLimits(file.limits, [&](const SubidLimits& limits) {
      return FindHole(file.taken, limits, size);
    });
  };
  auto uid = find(uids), gid = find(gids);
  if (!uid || !gid) return std::nullopt;
  return SubidRanges{*uid, *gid};
}

// The other file's entry, if its ids are free here; else any hole.
std::optional<IdRange> PlaceLike(const IdRange& model, const FileState& file,
                                 uint32_t size) {
  if (FindHole(file.taken,
               {model.first, static_cast<uint32_t>(model.end() - 1)},
               model.size)) {
    return model;
  }
  return WithGrowingLimits(file.limits, [&](const SubidLimits& limits) {
    return FindHole(file.taken, limits, size);
  });
}

std::optional<SubidRanges> Place(const FileState& uids, const FileState& gids,
                                 uint32_t size) {
  if (!uids.entry && !gids.entry) return PlaceBoth(uids, gids, size);
  auto uid = uids.entry ? uids.entry : PlaceLike(*gids.entry, uids, size);
  auto gid = gids.entry ? gids.entry : PlaceLike(*uids.entry, gids, size);
  if (!uid || !gid) return std::nullopt;
  return SubidRanges{*uid, *gid};
}

// "" when the file does not exist.
absl::StatusOr<std::string> ReadIfPresent(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok() && ErrnoOf(text.status()) == ENOENT) return std::string();
  return text;
}

absl::StatusOr<SubidPlan> PlanFromFiles(const std::string& owner, uint32_t size,
                                        const SubidPaths& paths,
                                        std::string* subuid,
                                        std::string* subgid) {
  SYSBOX_ASSIGN_OR_RETURN(*subuid, ReadIfPresent(paths.subuid));
  SYSBOX_ASSIGN_OR_RETURN(*subgid, ReadIfPresent(paths.subgid));
  auto plan = PlanSubids(owner, size, *subuid, *subgid, "");
  if (plan.ok() && !plan->add_uids && !plan->add_gids) return plan;
  SYSBOX_ASSIGN_OR_RETURN(std::string login_defs,
                          ReadIfPresent(paths.login_defs));
  return PlanSubids(owner, size, *subuid, *subgid, login_defs);
}

std::string DirectoryOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

absl::Status AddLine(const std::string& path, std::string_view text,
                     const SubidEntry& entry) {
  // A symlink (immutable systems) stays one: its target is replaced.
  std::string target = path;
  if (absl::StatusOr<std::string> real = RealPath(path); real.ok()) {
    target = *std::move(real);
  }
  return ReplaceFile(target, AppendEntry(text, entry), 0644);
}

}  // namespace

absl::StatusOr<SubidPlan> PlanSubids(const std::string& owner, uint32_t size,
                                     std::string_view subuid,
                                     std::string_view subgid,
                                     std::string_view login_defs) {
  const FileState uids = ReadState(owner, subuid, login_defs, "SUB_UID");
  const FileState gids = ReadState(owner, subgid, login_defs, "SUB_GID");
  for (uint32_t n = size; n >= kSubidMinSize; n /= 2) {
    if (auto ranges = Place(uids, gids, n)) {
      return SubidPlan{*ranges, !uids.entry, !gids.entry};
    }
  }
  return absl::ResourceExhaustedError(
      fmt::format("no room for {} ids of \"{}\" among the entries of others",
                  kSubidMinSize, owner));
}

absl::StatusOr<SubidRanges> EnsureSubids(const std::string& owner,
                                         uint32_t size,
                                         const SubidPaths& paths) {
  std::string subuid, subgid;
  SYSBOX_ASSIGN_OR_RETURN(SubidPlan plan,
                          PlanFromFiles(owner, size, paths, &subuid, &subgid));
  if (!plan.add_uids && !plan.add_gids) return plan.ranges;

  SYSBOX_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(paths.lock), 0700));
  SYSBOX_ASSIGN_OR_RETURN(Fd ours, LockFile(paths.lock, 0600));
  SYSBOX_ASSIGN_OR_RETURN(ShadowLock uid_lock, ShadowLock::Take(paths.subuid));
  SYSBOX_ASSIGN_OR_RETURN(ShadowLock gid_lock, ShadowLock::Take(paths.subgid));
  SYSBOX_ASSIGN_OR_RETURN(plan,
                          PlanFromFiles(owner, size, paths, &subuid, &subgid));
  if (plan.add_uids) {
    SYSBOX_RETURN_IF_ERROR(
        AddLine(paths.subuid, subuid, {owner, plan.ranges.uids}),
        "add an entry for {} to {}", owner, paths.subuid);
  }
  if (plan.add_gids) {
    SYSBOX_RETURN_IF_ERROR(
        AddLine(paths.subgid, subgid, {owner, plan.ranges.gids}),
        "add an entry for {} to {}", owner, paths.subgid);
  }
  return plan.ranges;
}

}  // namespace sysbox
