#include "sysbox/trap/caller.h"

#include <fcntl.h>
#include <limits.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process_memory.h"

namespace sysbox::trap {
namespace {

using Words = std::vector<std::string_view>;

template <typename T>
bool ParseWhole(std::string_view word, int base, T* number) {
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, *number, base);
  return error == std::errc() && stop == end;
}

// "real effective saved filesystem"
bool FilesystemId(const Words& words, uint32_t* id) {
  return words.size() == 4 && ParseWhole(words[3], 10, id);
}

struct Line {
  std::string_view key;
  bool (*take)(const Words& words, CallerIdentity* identity);
};
constexpr Line kLines[] = {
    {"Umask",
     [](const Words& words, CallerIdentity* identity) {
       return words.size() == 1 && ParseWhole(words[0], 8, &identity->umask);
     }},
    {"Tgid",
     [](const Words& words, CallerIdentity* identity) {
       return words.size() == 1 && ParseWhole(words[0], 10, &identity->process);
     }},
    {"Uid",
     [](const Words& words, CallerIdentity* identity) {
       return FilesystemId(words, &identity->filesystem_uid);
     }},
    {"Gid",
     [](const Words& words, CallerIdentity* identity) {
       return FilesystemId(words, &identity->filesystem_gid);
     }},
    {"Groups",
     [](const Words& words, CallerIdentity* identity) {
       for (std::string_view word : words) {
         gid_t group = 0;
         if (!ParseWhole(word, 10, &group)) return false;
         identity->groups.push_back(group);
       }
       return true;
     }},
    {"CapEff",
     [](const Words& words, CallerIdentity* identity) {
       return words.size() == 1 &&
              ParseWhole(words[0], 16, &identity->effective);
     }},
};

Words SplitWords(absl::string_view text) {
  Words words;
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \t"), absl::SkipEmpty())) {
    words.push_back(ToStd(word));
  }
  return words;
}

}  // namespace

absl::StatusOr<CallerIdentity> ParseCallerIdentity(std::string_view status) {
  CallerIdentity identity;
  size_t seen = 0;
  for (absl::string_view text : absl::StrSplit(ToAbsl(status), '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits(':', 1));
    for (const Line& line : kLines) {
      if (ToStd(parts.first) != line.key) continue;
      ++seen;
      if (line.take(SplitWords(parts.second), &identity)) break;
      return Internal("/proc/TID/status: \"{}\"", ToStd(text));
    }
    if (seen == std::size(kLines)) return identity;
  }
  return Internal("/proc/TID/status: {} of {} lines", seen, std::size(kLines));
}

bool Knows(const IdMaps& maps, uid_t uid, gid_t gid) {
  const auto has = [](const IdMap& map, uint32_t host) {
    return std::any_of(
        map.lines.begin(), map.lines.end(), [host](const IdMapLine& line) {
          return host >= line.outside && host - line.outside < line.size;
        });
  };
  return has(maps.uids, uid) && has(maps.gids, gid);
}

absl::Status Caller::StillWaits() const {
  if (Waits()) return absl::OkStatus();
  return ErrnoStatus(ESRCH, "caller");
}

absl::StatusOr<std::string> Caller::ReadPath(int index) const {
  return ReadString(arg(index), PATH_MAX);
}

absl::StatusOr<std::string> Caller::ReadString(uint64_t address,
                                               size_t limit) const {
  SYSBOX_ASSIGN_OR_RETURN(std::string text,
                          ReadMemoryString(tid(), address, limit));
  SYSBOX_RETURN_IF_ERROR(StillWaits());
  return text;
}

absl::StatusOr<std::string> Caller::Read(uint64_t address, size_t size) const {
  SYSBOX_ASSIGN_OR_RETURN(std::string data, ReadMemory(tid(), address, size));
  SYSBOX_RETURN_IF_ERROR(StillWaits());
  return data;
}

absl::Status Caller::Write(uint64_t address, std::string_view data) const {
  SYSBOX_ASSIGN_OR_RETURN(Fd memory, OpenMemory(tid()));
  SYSBOX_RETURN_IF_ERROR(StillWaits());
  return WriteMemory(memory, address, data);
}

absl::StatusOr<Fd> Caller::OpenProc(std::string_view name, int flags) const {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd file, Open(fmt::format("/proc/{}/{}", tid(), name), {.flags = flags}));
  SYSBOX_RETURN_IF_ERROR(StillWaits());
  return file;
}

absl::StatusOr<Fd> Caller::OpenMountInfo() const {
  return OpenProc("mountinfo", O_RDONLY);
}

absl::StatusOr<std::string> Caller::ReadProc(std::string_view name) const {
  SYSBOX_ASSIGN_OR_RETURN(Fd file, OpenProc(name, O_RDONLY));
  return ReadAll(file);
}

absl::StatusOr<CallerIdentity> Caller::Identity() const {
  if (!identity_) {
    SYSBOX_ASSIGN_OR_RETURN(std::string status, ReadProc("status"));
    SYSBOX_ASSIGN_OR_RETURN(identity_, ParseCallerIdentity(status));
  }
  return *identity_;
}

absl::StatusOr<IdMaps> Caller::IdMapsOfNamespace() const {
  IdMaps maps;
  SYSBOX_ASSIGN_OR_RETURN(maps.uids.lines, ReadUidMap(tid()));
  SYSBOX_ASSIGN_OR_RETURN(maps.gids.lines, ReadGidMap(tid()));
  SYSBOX_RETURN_IF_ERROR(StillWaits());
  return maps;
}

absl::StatusOr<Fd> Caller::Root() const {
  return OpenProc("root", O_PATH | O_DIRECTORY);
}

absl::StatusOr<Fd> Caller::WorkingDirectory() const {
  return OpenProc("cwd", O_PATH | O_DIRECTORY);
}

absl::StatusOr<Fd> Caller::File(int descriptor) const {
  if (descriptor < 0) return ErrnoStatus(EBADF, "caller's descriptor");
  absl::StatusOr<Fd> file = OpenProc(fmt::format("fd/{}", descriptor), O_PATH);
  if (ErrnoOf(file.status()) == ENOENT) {
    return ErrnoStatus(EBADF, "caller's descriptor");
  }
  return file;
}

absl::StatusOr<Fd> Caller::Namespace(NamespaceType type) const {
  return OpenProc(fmt::format("ns/{}", ProcName(type)), O_RDONLY);
}

absl::StatusOr<NamespaceId> Caller::UserNamespace() const {
  if (!user_namespace_) {
    SYSBOX_ASSIGN_OR_RETURN(const Fd ns, Namespace(NamespaceType::kUser));
    SYSBOX_ASSIGN_OR_RETURN(user_namespace_, IdOf(ns));
  }
  return *user_namespace_;
}

absl::StatusOr<Fd> Caller::PidNamespaceForChildren() const {
  return OpenProc("ns/pid_for_children", O_RDONLY);
}

}  // namespace sysbox::trap
