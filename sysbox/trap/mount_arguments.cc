#include "sysbox/trap/mount_arguments.h"

#include <linux/mount.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kMarker = 0xc0ed0000;
constexpr uint64_t kMarkerMask = 0xffff0000;
constexpr uint64_t kPropagation =
    MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

struct MountFlag {
  uint64_t flag;
  uint64_t attribute;
};
constexpr MountFlag kMountFlags[] = {
    {MS_RDONLY, MOUNT_ATTR_RDONLY},
    {MS_NOSUID, MOUNT_ATTR_NOSUID},
    {MS_NODEV, MOUNT_ATTR_NODEV},
    {MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
    {MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW},
};
struct SuperblockFlag {
  uint64_t flag;
  const char* option;
};
constexpr SuperblockFlag kSuperblockFlags[] = {
    {MS_RDONLY, "ro"},
    {MS_SYNCHRONOUS, "sync"},
    {MS_DIRSYNC, "dirsync"},
    {MS_LAZYTIME, "lazytime"},
};

uint64_t AtimeAttribute(uint64_t flags) {
  if ((flags & MS_STRICTATIME) != 0) return MOUNT_ATTR_STRICTATIME;
  if ((flags & MS_NOATIME) != 0) return MOUNT_ATTR_NOATIME;
  return MOUNT_ATTR_RELATIME;
}

// Plain decimal only. The kernel reads "0x0", "+0" and, as octal, "010" too:
// what we do not read as it does must not reach it untranslated.
absl::Status TranslateId(const IdMap& map, std::string* value) {
  const std::optional<uint64_t> inside = ParseUint64(*value);
  if (!inside || *inside > UINT32_MAX || *value != fmt::format("{}", *inside)) {
    return ErrnoStatus(EINVAL, "not an id");
  }
  const std::optional<uint32_t> outside =
      map.ToHost(static_cast<uint32_t>(*inside));
  if (!outside) return ErrnoStatus(EINVAL, "unmapped id");
  *value = fmt::format("{}", *outside);
  return absl::OkStatus();
}

// Of the ids that an option's value is one of, or nullptr.
const IdMap* MapOf(std::string_view option, const IdMaps& maps) {
  if (option == "uid") return &maps.uids;
  return option == "gid" ? &maps.gids : nullptr;
}

// What a procfs knows, and the kernel for all of them (fs/fs_context.c).
constexpr std::string_view kNoFile[] = {
    "gid",   "hidepid", "subset",   "ro",         "rw",   "sync",
    "async", "dirsync", "lazytime", "nolazytime", "mand", "nomand",
};

}  // namespace

bool NamesNoFile(const std::vector<FilesystemOption>& options) {
  return std::all_of(
      options.begin(), options.end(), [](const FilesystemOption& option) {
        return std::find(std::begin(kNoFile), std::end(kNoFile), option.key) !=
               std::end(kNoFile);
      });
}

uint64_t WithoutMarker(uint64_t flags) {
  return (flags & kMarkerMask) == kMarker ? flags & ~kMarkerMask : flags;
}

MountAction ActionOf(uint64_t flags) {
  flags = WithoutMarker(flags);
  if ((flags & MS_REMOUNT) != 0) return MountAction::kRemount;
  if ((flags & MS_BIND) != 0) return MountAction::kBind;
  if ((flags & (kPropagation | MS_MOVE)) != 0) return MountAction::kOther;
  return MountAction::kNew;
}

absl::StatusOr<NewMount> DecodeNewMount(uint64_t flags, std::string_view data,
                                        const IdMaps& maps) {
  flags = WithoutMarker(flags);
  NewMount mount;
  mount.attributes = AtimeAttribute(flags);
  for (const MountFlag& row : kMountFlags) {
    if ((flags & row.flag) != 0) mount.attributes |= row.attribute;
  }
  for (const SuperblockFlag& row : kSuperblockFlags) {
    if ((flags & row.flag) != 0) mount.options.push_back({row.option, ""});
  }
  for (absl::string_view word :
       absl::StrSplit(ToAbsl(data), ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(word, absl::MaxSplits('=', 1));
    FilesystemOption option = {parts.first, parts.second};
    if (const IdMap* map = MapOf(option.key, maps); map != nullptr) {
      SYSBOX_RETURN_IF_ERROR(TranslateId(*map, &option.value));
    }
    mount.options.push_back(std::move(option));
  }
  return mount;
}

}  // namespace sysbox::trap
