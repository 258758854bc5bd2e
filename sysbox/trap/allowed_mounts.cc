#include "sysbox/trap/allowed_mounts.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::trap {
namespace {

using Options = std::string_view;

// Documentation/filesystems and mount(8) have what they mean. "ro", "sync",
// "dirsync" and "lazytime" come from mount(2)'s flags.
constexpr Options kExt[] = {
    "ro",    "rw",      "sync",         "dirsync",  "lazytime",   "noload",
    "acl",   "noacl",   "norecovery",   "discard",  "nodiscard",  "user_xattr",
    "grpid", "nogrpid", "nouser_xattr", "delalloc", "nodelalloc",
};
// Its superblock may say "panic".
const FilesystemOption kExtForced[] = {{"errors", "remount-ro"}};
constexpr Options kXfs[] = {
    "ro",         "rw",     "sync",    "dirsync", "lazytime",
    "norecovery", "nouuid", "inode64", "discard", "noquota",
};
constexpr Options kFat[] = {
    "ro",    "rw",    "sync",    "dirsync",  "lazytime",  "umask",
    "fmask", "dmask", "quiet",   "codepage", "iocharset", "shortname",
    "utf8",  "flush", "discard", "check",    "showexec",
};
constexpr Options kExfat[] = {
    "ro",    "rw",    "sync",  "dirsync",   "lazytime",
    "umask", "fmask", "dmask", "iocharset", "discard",
};
constexpr Options kReadOnly[] = {"ro", "norock", "nojoliet", "iocharset"};
constexpr Options kNfs[] = {
    "ro",          "rw",         "sync",      "dirsync",    "lazytime",
    "addr",        "clientaddr", "vers",      "nfsvers",    "minorversion",
    "proto",       "port",       "mountport", "mountproto", "mountvers",
    "mountaddr",   "mounthost",  "rsize",     "wsize",      "timeo",
    "retrans",     "hard",       "soft",      "softerr",    "tcp",
    "udp",         "nolock",     "lock",      "local_lock", "ac",
    "noac",        "acregmin",   "acregmax",  "acdirmin",   "acdirmax",
    "actimeo",     "cto",        "nocto",     "sharecache", "nosharecache",
    "lookupcache", "namlen",     "nconnect",  "noresvport", "sec=sys",
};
constexpr Options kCifs[] = {
    "ro",          "rw",        "sync",     "dirsync",    "lazytime",
    "user",        "username",  "pass",     "password",   "domain",
    "dom",         "vers",      "unc",      "ip",         "port",
    "uid",         "gid",       "forceuid", "forcegid",   "file_mode",
    "dir_mode",    "rsize",     "wsize",    "cache",      "serverino",
    "noserverino", "iocharset", "nobrl",    "mfsymlinks", "nounix",
    "soft",        "hard",      "actimeo",  "seal",       "sign",
    "sec=ntlmssp", "sec=none",  "guest",    "prefixpath", "echo_interval",
};

const AllowableType kTypes[] = {
    {"cifs", false, kCifs, {}, true},  {"erofs", true, kReadOnly, {}},
    {"exfat", true, kExfat, {}},       {"ext2", true, kExt, kExtForced},
    {"ext3", true, kExt, kExtForced},  {"ext4", true, kExt, kExtForced},
    {"iso9660", true, kReadOnly, {}},  {"nfs", false, kNfs, {}},
    {"nfs4", false, kNfs, {}},         {"smb3", false, kCifs, {}, true},
    {"squashfs", true, kReadOnly, {}}, {"vfat", true, kFat, {}},
    {"xfs", true, kXfs, {}},
};

std::string KnownTypes() {
  std::string names;
  for (const AllowableType& row : kTypes) {
    if (!names.empty()) names += ", ";
    names += row.type;
  }
  return names;
}

bool MayGive(const AllowableType& type, const FilesystemOption& option) {
  const std::string whole = fmt::format("{}={}", option.key, option.value);
  return std::any_of(type.options.begin(), type.options.end(),
                     [&](std::string_view known) {
                       return known == option.key || known == whole;
                     });
}

void AddDefault(std::string_view key, uint32_t value,
                std::vector<FilesystemOption>* options) {
  if (std::none_of(
          options->begin(), options->end(),
          [key](const FilesystemOption& given) { return given.key == key; })) {
    options->push_back({std::string(key), fmt::format("{}", value)});
  }
}

}  // namespace

const AllowableType* FindAllowableType(std::string_view type) {
  const auto* found = std::find_if(
      std::begin(kTypes), std::end(kTypes),
      [type](const AllowableType& row) { return row.type == type; });
  return found == std::end(kTypes) ? nullptr : found;
}

absl::StatusOr<std::vector<std::string>> ParseAllowedMounts(
    std::string_view text) {
  std::vector<std::string> types;
  for (absl::string_view word :
       absl::StrSplit(ToAbsl(text), ',', absl::SkipEmpty())) {
    if (FindAllowableType(ToStd(word)) == nullptr) {
      return InvalidArgument("unknown file system \"{}\"; there are {}",
                             ToStd(word), KnownTypes());
    }
    types.emplace_back(word);
  }
  return types;
}

absl::Status CheckOptions(const AllowableType& type,
                          absl::Span<const FilesystemOption> options) {
  for (const FilesystemOption& option : options) {
    if (MayGive(type, option)) continue;
    return ErrnoStatus(EPERM, fmt::format("option {}", option.key));
  }
  return absl::OkStatus();
}

void AddOwner(const AllowableType& type, uint32_t uid, uint32_t gid,
              std::vector<FilesystemOption>* options) {
  if (!type.takes_owner) return;
  AddDefault("uid", uid, options);
  AddDefault("gid", gid, options);
}

}  // namespace sysbox::trap
