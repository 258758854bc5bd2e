#include "sysbox/oci/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sysbox::oci {
namespace {

void Assign(uint64_t bits, uint64_t& to, uint64_t& from) {
  to |= bits;
  from &= ~bits;
}

// The kinds of access time are values of one field, not bits: setting one
// demands clearing the whole field (mount_setattr(2)).
void AssignTime(uint64_t kind, uint64_t& set, uint64_t& clear) {
  set = (set & ~uint64_t{MOUNT_ATTR__ATIME}) | kind;
  clear |= MOUNT_ATTR__ATIME;
}

// "atime" undoes "noatime", also one inherited from the source of a bind, but
// not "strictatime".
void RevertTime(uint64_t kind, uint64_t& set, uint64_t& clear) {
  uint64_t current = set & MOUNT_ATTR__ATIME;
  if (current == 0 || current == kind) {
    AssignTime(MOUNT_ATTR_RELATIME, set, clear);
  }
}

// What a row of the table does with its bits.
using Effect = void (*)(uint64_t bits, MountOptions& out);

void Nothing(uint64_t, MountOptions&) {}
void Set(uint64_t bits, MountOptions& out) {
  Assign(bits, out.attributes_set, out.attributes_clear);
}
void Clear(uint64_t bits, MountOptions& out) {
  Assign(bits, out.attributes_clear, out.attributes_set);
}
void SetAll(uint64_t bits, MountOptions& out) {
  Assign(bits, out.recursive_set, out.recursive_clear);
}
void ClearAll(uint64_t bits, MountOptions& out) {
  Assign(bits, out.recursive_clear, out.recursive_set);
}
void Time(uint64_t kind, MountOptions& out) {
  AssignTime(kind, out.attributes_set, out.attributes_clear);
}
void NoTime(uint64_t kind, MountOptions& out) {
  RevertTime(kind, out.attributes_set, out.attributes_clear);
}
void TimeAll(uint64_t kind, MountOptions& out) {
  AssignTime(kind, out.recursive_set, out.recursive_clear);
}
void NoTimeAll(uint64_t kind, MountOptions& out) {
  RevertTime(kind, out.recursive_set, out.recursive_clear);
}
void Superblock(uint64_t bits, MountOptions& out) {
  Assign(bits, out.superblock_set, out.superblock_clear);
}
void NoSuperblock(uint64_t bits, MountOptions& out) {
  Assign(bits, out.superblock_clear, out.superblock_set);
}
void Propagate(uint64_t bits, MountOptions& out) {
  out.propagation.push_back(bits);
}
void Bind(uint64_t recursive, MountOptions& out) {
  out.bind = true;
  out.recursive = recursive != 0;
}
void Remount(uint64_t, MountOptions& out) { out.remount = true; }
void CopyUp(uint64_t, MountOptions& out) { out.copy_up = true; }
void IdMap(uint64_t recursive, MountOptions& out) {
  out.id_map = true;
  out.id_map_recursive = recursive != 0;
}

struct Row {
  std::string_view name;
  Effect effect;
  uint64_t bits = 0;
};

constexpr Row kTable[] = {
    // No fsconfig key: left to the filesystem's default, as mount(2) leaves it.
    {"acl", Superblock, MS_POSIXACL},
    {"async", NoSuperblock, MS_SYNCHRONOUS},
    {"atime", NoTime, MOUNT_ATTR_NOATIME},
    {"bind", Bind},
    {"defaults", Nothing},
    {"dev", Clear, MOUNT_ATTR_NODEV},
    {"diratime", Clear, MOUNT_ATTR_NODIRATIME},
    {"dirsync", Superblock, MS_DIRSYNC},
    {"exec", Clear, MOUNT_ATTR_NOEXEC},
    {"idmap", IdMap},
    {"iversion", Superblock, MS_I_VERSION},
    {"lazytime", Superblock, MS_LAZYTIME},
    {"loud", NoSuperblock, MS_SILENT},
    {"mand", Superblock, MS_MANDLOCK},
    {"noacl", NoSuperblock, MS_POSIXACL},
    {"noatime", Time, MOUNT_ATTR_NOATIME},
    {"nodev", Set, MOUNT_ATTR_NODEV},
    {"nodiratime", Set, MOUNT_ATTR_NODIRATIME},
    {"noexec", Set, MOUNT_ATTR_NOEXEC},
    {"noiversion", NoSuperblock, MS_I_VERSION},
    {"nolazytime", NoSuperblock, MS_LAZYTIME},
    {"nomand", NoSuperblock, MS_MANDLOCK},
    // There is no access time that is neither; mount(2) ignores it too.
    {"norelatime", Nothing},
    {"nostrictatime", NoTime, MOUNT_ATTR_STRICTATIME},
    {"nosuid", Set, MOUNT_ATTR_NOSUID},
    {"nosymfollow", Set, MOUNT_ATTR_NOSYMFOLLOW},
    {"private", Propagate, MS_PRIVATE},
    {"ratime", NoTimeAll, MOUNT_ATTR_NOATIME},
    {"rbind", Bind, MS_REC},
    {"rdev", ClearAll, MOUNT_ATTR_NODEV},
    {"rdiratime", ClearAll, MOUNT_ATTR_NODIRATIME},
    {"relatime", Time, MOUNT_ATTR_RELATIME},
    {"remount", Remount},
    {"rexec", ClearAll, MOUNT_ATTR_NOEXEC},
    {"ridmap", IdMap, MS_REC},
    {"rnoatime", TimeAll, MOUNT_ATTR_NOATIME},
    {"rnodev", SetAll, MOUNT_ATTR_NODEV},
    {"rnodiratime", SetAll, MOUNT_ATTR_NODIRATIME},
    {"rnoexec", SetAll, MOUNT_ATTR_NOEXEC},
    {"rnorelatime", Nothing},
    {"rnostrictatime", NoTimeAll, MOUNT_ATTR_STRICTATIME},
    {"rnosuid", SetAll, MOUNT_ATTR_NOSUID},
    {"rnosymfollow", SetAll, MOUNT_ATTR_NOSYMFOLLOW},
    {"ro", Set, MOUNT_ATTR_RDONLY},
    {"rprivate", Propagate, MS_PRIVATE | MS_REC},
    {"rrelatime", TimeAll, MOUNT_ATTR_RELATIME},
    {"rro", SetAll, MOUNT_ATTR_RDONLY},
    {"rrw", ClearAll, MOUNT_ATTR_RDONLY},
    {"rshared", Propagate, MS_SHARED | MS_REC},
    {"rslave", Propagate, MS_SLAVE | MS_REC},
    {"rstrictatime", TimeAll, MOUNT_ATTR_STRICTATIME},
    {"rsuid", ClearAll, MOUNT_ATTR_NOSUID},
    {"rsymfollow", ClearAll, MOUNT_ATTR_NOSYMFOLLOW},
    {"runbindable", Propagate, MS_UNBINDABLE | MS_REC},
    {"rw", Clear, MOUNT_ATTR_RDONLY},
    {"shared", Propagate, MS_SHARED},
    {"silent", Superblock, MS_SILENT},
    {"slave", Propagate, MS_SLAVE},
    {"strictatime", Time, MOUNT_ATTR_STRICTATIME},
    {"suid", Clear, MOUNT_ATTR_NOSUID},
    {"symfollow", Clear, MOUNT_ATTR_NOSYMFOLLOW},
    {"sync", Superblock, MS_SYNCHRONOUS},
    {"tmpcopyup", CopyUp},
    {"unbindable", Propagate, MS_UNBINDABLE},
};

constexpr bool Sorted() {
  for (size_t i = 1; i < std::size(kTable); ++i) {
    if (!(kTable[i - 1].name < kTable[i].name)) return false;
  }
  return true;
}
static_assert(Sorted());

// Keys fsconfig(2) takes for superblock flags (fs_context.c,
// common_set_sb_flag): setting, clearing.
struct SuperblockKey {
  uint64_t bit;
  std::string_view set;
  std::string_view clear;
};
constexpr SuperblockKey kSuperblockKeys[] = {
    {MS_DIRSYNC, "dirsync", ""},
    {MS_LAZYTIME, "lazytime", "nolazytime"},
    {MS_MANDLOCK, "mand", "nomand"},
    {MS_SYNCHRONOUS, "sync", "async"},
};

const Row* Find(std::string_view name) {
  const Row* row = std::lower_bound(
      std::begin(kTable), std::end(kTable), name,
      [](const Row& row, std::string_view name) { return row.name < name; });
  return row != std::end(kTable) && row->name == name ? row : nullptr;
}

// mount(2) splits its data at commas; quotes and backslashes protect them
// (SELinux contexts, overlay's paths).
void AddData(std::string_view option, std::vector<std::string>& data) {
  std::string item;
  bool quoted = false;
  for (size_t i = 0; i < option.size(); ++i) {
    if (option[i] == '"') quoted = !quoted;
    if (option[i] == ',' && !quoted) {
      if (!item.empty()) data.push_back(std::move(item));
      item.clear();
      continue;
    }
    if (option[i] == '\\' && i + 1 < option.size()) item += option[i++];
    item += option[i];
  }
  if (!item.empty()) data.push_back(std::move(item));
}

}  // namespace

MountOptions ParseMountOptions(absl::Span<const std::string> options) {
  MountOptions out;
  for (const std::string& option : options) {
    if (const Row* row = Find(option); row != nullptr) {
      row->effect(row->bits, out);
    } else {
      AddData(option, out.data);
    }
  }
  for (const SuperblockKey& key : kSuperblockKeys) {
    if ((out.superblock_set & key.bit) != 0) {
      out.superblock_flags.emplace_back(key.set);
    } else if ((out.superblock_clear & key.bit) != 0 && !key.clear.empty()) {
      out.superblock_flags.emplace_back(key.clear);
    }
  }
  return out;
}

std::vector<std::string_view> KnownMountOptions() {
  std::vector<std::string_view> names;
  for (const Row& row : kTable) names.push_back(row.name);
  return names;
}

uint64_t PropagationFlag(std::string_view mode) {
  const Row* row = Find(mode);
  return row != nullptr && row->effect == &Propagate ? row->bits : 0;
}

}  // namespace sysbox::oci
