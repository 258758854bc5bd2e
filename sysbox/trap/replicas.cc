#include "sysbox/trap/replicas.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "sysbox/base/strings.h"
#include "sysbox/mounts/emulated_name.h"

namespace sysbox::trap {
namespace {

// There are some forty. Each is cloned, and clones that are not used after all
// are dear to the whole host (RCU).
constexpr size_t kMostReplicas = 512;

bool HasOption(const std::string& options, std::string_view option) {
  for (absl::string_view word : absl::StrSplit(options, ',')) {
    if (ToStd(word) == option) return true;
  }
  return false;
}

// /dev/null, or an empty file system that nobody can write to.
bool IsMask(const MountInfo& mount) {
  if (mount.type != "tmpfs" && mount.type != "devtmpfs") return false;
  if (mount.root == "/null") return true;
  return mount.root == "/" && HasOption(mount.options, "ro");
}

// What of ours is mounted there.
std::optional<std::string> EmulatedPathOf(const MountInfo& mount) {
  if (mount.type != "fuse") return std::nullopt;
  return mounts::EmulatedPath(mount.root);
}

// What lies on which mount. A container may have a hundred thousand of them,
// each on another: whoever looks through all for each would be at it for hours.
class Children {
 public:
  explicit Children(const std::vector<MountInfo>& mounts) {
    for (const MountInfo& mount : mounts) {
      if (mount.id != mount.parent_id) of_[mount.parent_id].push_back(&mount);
    }
  }
  absl::Span<const MountInfo* const> Of(int id) const {
    const auto found = of_.find(id);
    if (found == of_.end()) return {};
    return found->second;
  }

 private:
  absl::flat_hash_map<int, std::vector<const MountInfo*>> of_;
};

// Everything on `id`, each before what lies on it.
std::vector<const MountInfo*> AllOn(const Children& children, int id) {
  std::vector<const MountInfo*> found;
  std::vector<const MountInfo*> next;
  absl::flat_hash_set<int> seen = {id};
  const auto add = [&](int parent) {
    const auto direct = children.Of(parent);
    for (auto mount = direct.rbegin(); mount != direct.rend(); ++mount) {
      if (seen.insert((*mount)->id).second) next.push_back(*mount);
    }
  };
  for (add(id); !next.empty();) {
    const MountInfo* mount = next.back();
    next.pop_back();
    found.push_back(mount);
    add(mount->id);
  }
  return found;
}

bool Classify(const MountInfo& mount, const MountInfo& base, Replica* replica) {
  const std::string below = "/" + replica->path;
  if (const auto path = EmulatedPathOf(mount)) {
    if (!absl::EndsWith(*path, below)) return false;
    replica->kind = Replica::Kind::kEmulated;
    return true;
  }
  if (mount.type == base.type && mount.root == below) {
    replica->kind = Replica::Kind::kNative;
    return true;
  }
  replica->kind = Replica::Kind::kMask;
  return IsMask(mount);
}

// Where a kernel has directories for others to mount on.
constexpr std::string_view kEmptyDirectories[] = {
    "fs/nfsd",        "fs/cgroup",
    "fs/bpf",         "fs/fuse/connections",
    "fs/pstore",      "kernel/config",
    "kernel/debug",   "kernel/security",
    "kernel/tracing", "sys/fs/binfmt_misc",
};

// Paths are looked up one after another, and whoever renames directories in
// between has what lies on "/t/x/y/x" seem to be elsewhere on it. Not where the
// directory has a name that no other has which is on the way to a mount there.
bool IsAtUsualPlace(const MountInfo& base) {
  return absl::EndsWith(base.mount_point,
                        base.type == "proc" ? "/proc" : "/sys");
}

bool HidesNothing(const MountInfo& mount, const MountInfo& base,
                  const std::vector<Replica>& replicas) {
  const std::string prefix = base.mount_point + "/";
  if (!absl::StartsWith(mount.mount_point, prefix)) return false;
  const std::string_view path =
      std::string_view(mount.mount_point).substr(prefix.size());
  return std::any_of(std::begin(kEmptyDirectories), std::end(kEmptyDirectories),
                     [&](std::string_view empty) { return path == empty; }) ||
         std::any_of(
             replicas.begin(), replicas.end(),
             [&](const Replica& replica) { return path == replica.path; });
}

// The mounts on which something lies, directly or not, that is not `ours`.
absl::flat_hash_set<int> HoldersOfOthers(
    const std::vector<const MountInfo*>& all,
    const absl::flat_hash_set<int>& ours) {
  absl::flat_hash_map<int, int> parents;
  for (const MountInfo* mount : all) parents[mount->id] = mount->parent_id;
  absl::flat_hash_set<int> holders;
  for (const MountInfo* mount : all) {
    if (ours.contains(mount->id)) continue;
    for (auto on = parents.find(mount->parent_id);
         on != parents.end() && holders.insert(on->first).second;) {
      on = parents.find(on->second);
    }
  }
  return holders;
}

// Each with how it lies to the others.
void Relate(std::vector<Replica>* replicas) {
  for (Replica& replica : *replicas) {
    for (const Replica& other : *replicas) {
      if (LiesBelow(other, replica)) replica.holds_others = true;
      if (other.whole && LiesBelow(replica, other)) replica.comes_along = true;
    }
  }
}

std::string_view DirectoryOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

// Level by level, each before what lies on it; on every other one natives come
// first, so that they follow each other: to clone them takes another mount
// namespace than to clone the rest. Those of one directory follow each other,
// too.
std::vector<Replica> InLevels(std::vector<Replica> replicas) {
  struct Turn {
    int64_t level;
    std::string_view directory;
    Replica* replica;
  };
  std::vector<Turn> order;
  order.reserve(replicas.size());
  for (Replica& replica : replicas) {
    const auto level = std::count_if(
        replicas.begin(), replicas.end(),
        [&](const Replica& other) { return LiesBelow(replica, other); });
    const bool native = replica.kind == Replica::Kind::kNative;
    order.push_back({2 * level + (native == (level % 2 == 0) ? 1 : 0),
                     DirectoryOf(replica.path), &replica});
  }
  std::stable_sort(
      order.begin(), order.end(), [](const Turn& a, const Turn& b) {
        return std::tie(a.level, a.directory) < std::tie(b.level, b.directory);
      });
  std::vector<Replica> ordered;
  ordered.reserve(order.size());
  for (const Turn& turn : order) ordered.push_back(std::move(*turn.replica));
  return ordered;
}

}  // namespace

bool LiesBelow(const Replica& replica, const Replica& other) {
  return replica.path.size() > other.path.size() &&
         absl::StartsWith(replica.path, other.path) &&
         replica.path[other.path.size()] == '/';
}

bool IsFullyVisible(const std::vector<MountInfo>& mounts, std::string_view type,
                    const std::vector<Replica>& replicas, bool read_only) {
  const Children children(mounts);
  for (const MountInfo& base : mounts) {
    if (base.type != type || base.root != "/" || !IsAtUsualPlace(base))
      continue;
    if (HasOption(base.options, "ro") && !read_only) continue;
    // What lies on something else than the base is covered by that.
    const auto direct = children.Of(base.id);
    if (std::all_of(direct.begin(), direct.end(), [&](const MountInfo* mount) {
          return HidesNothing(*mount, base, replicas);
        })) {
      return true;
    }
  }
  return false;
}

bool IsEmulated(const MountInfo& mount) {
  return EmulatedPathOf(mount).has_value();
}

bool GoesWith(const MountInfo& mount, const MountInfo& base) {
  return IsEmulated(mount) || mount.type == base.type || IsMask(mount);
}

bool IsReplica(const MountInfo& mount, const MountInfo& base,
               Replica* replica) {
  if (base.root != "/") return false;
  const std::string prefix =
      base.mount_point == "/" ? "/" : base.mount_point + "/";
  if (!absl::StartsWith(mount.mount_point, prefix)) return false;
  Replica found;
  found.path = mount.mount_point.substr(prefix.size());
  found.read_only = HasOption(mount.options, "ro");
  if (!Classify(mount, base, &found)) return false;
  if (replica != nullptr) *replica = found;
  return true;
}

std::vector<const MountInfo*> MountsOn(const std::vector<MountInfo>& mounts,
                                       int id) {
  return AllOn(Children(mounts), id);
}

std::vector<Replica> PlanReplicas(const std::vector<MountInfo>& mounts,
                                  std::string_view mount_point,
                                  std::string_view type) {
  const auto base =
      std::find_if(mounts.rbegin(), mounts.rend(), [&](const MountInfo& mount) {
        return mount.mount_point == mount_point && mount.type == type &&
               mount.root == "/";
      });
  std::vector<Replica> replicas;
  if (base == mounts.rend()) return replicas;
  absl::flat_hash_set<int> ours = {base->id};
  absl::flat_hash_map<std::string, size_t> places;
  const Children children(mounts);
  const std::vector<const MountInfo*> all = AllOn(children, base->id);
  std::vector<int> ids;  // of the replicas' mounts
  for (const MountInfo* mount : all) {
    Replica replica;
    if (!ours.contains(mount->parent_id) ||
        !IsReplica(*mount, *base, &replica)) {
      continue;
    }
    // Under cgroup v1 the tmpfs of /sys/fs/cgroup is read-only, too.
    if (replica.kind == Replica::Kind::kMask &&
        !children.Of(mount->id).empty()) {
      continue;
    }
    ours.insert(mount->id);
    const auto [place, free] =
        places.try_emplace(replica.path, replicas.size());
    if (replicas.size() == kMostReplicas) return {};
    if (free) {
      replicas.push_back(std::move(replica));
      ids.push_back(mount->id);
    } else {
      replicas[place->second] = std::move(replica);
      ids[place->second] = mount->id;
    }
  }
  const auto holders = HoldersOfOthers(all, ours);
  for (size_t i = 0; i < replicas.size(); ++i) {
    replicas[i].whole =
        replicas[i].kind != Replica::Kind::kNative && !holders.contains(ids[i]);
  }
  Relate(&replicas);
  return InLevels(std::move(replicas));
}

}  // namespace sysbox::trap
