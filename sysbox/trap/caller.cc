#include "sysbox/trap/caller.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process_memory.h"

namespace sysbox::trap {
namespace {

// Takes the number that `line` begins with, and the blank behind it.
template <typename T>
bool TakeNumber(std::string_view* line, int base, T* number) {
  const char* end = line->data() + line->size();
  const auto [stop, error] = std::from_chars(line->data(), end, *number, base);
  if (error != std::errc()) return false;
  line->remove_prefix(static_cast<size_t>(stop - line->data()));
  if (line->empty()) return true;
  const bool blank = line->front() == '\t' || line->front() == ' ';
  line->remove_prefix(1);
  return blank;
}

template <typename T>
bool OneNumber(std::string_view line, int base, T* number) {
  return TakeNumber(&line, base, number) && line.empty();
}

// "real effective saved filesystem"
bool FilesystemId(std::string_view line, uint32_t* id) {
  return TakeNumber(&line, 10, id) && TakeNumber(&line, 10, id) &&
         TakeNumber(&line, 10, id) && OneNumber(line, 10, id);
}

bool AllNumbers(std::string_view line, std::vector<gid_t>* numbers) {
  while (!line.empty()) {
    gid_t number = 0;
    if (!TakeNumber(&line, 10, &number)) return false;
    numbers->push_back(number);
  }
  return true;
}

// In the order of the file; each is looked for behind the one before. A name
// cannot pass for one: the kernel writes a newline in it as "\n".
struct Line {
  std::string_view key;
  bool (*take)(std::string_view line, CallerIdentity* identity);
};
constexpr Line kLines[] = {
    {"\nUmask:\t",
     [](std::string_view line, CallerIdentity* identity) {
       return OneNumber(line, 8, &identity->umask);
     }},
    {"\nTgid:\t",
     [](std::string_view line, CallerIdentity* identity) {
       return OneNumber(line, 10, &identity->process);
     }},
    {"\nUid:\t",
     [](std::string_view line, CallerIdentity* identity) {
       return FilesystemId(line, &identity->filesystem_uid);
     }},
    {"\nGid:\t",
     [](std::string_view line, CallerIdentity* identity) {
       return FilesystemId(line, &identity->filesystem_gid);
     }},
    {"\nGroups:\t",
     [](std::string_view line, CallerIdentity* identity) {
       // "4 24 ", or a single blank.
       if (line == " ") return true;
       return AllNumbers(line, &identity->groups);
     }},
    {"\nCapEff:\t",
     [](std::string_view line, CallerIdentity* identity) {
       return OneNumber(line, 16, &identity->effective);
     }},
};

}  // namespace

absl::StatusOr<CallerIdentity> ParseCallerIdentity(std::string_view status) {
  CallerIdentity identity;
  for (const Line& line : kLines) {
    const size_t key = status.find(line.key);
    if (key == std::string_view::npos) {
      return Internal("/proc/TID/status without \"{}\"", line.key.substr(1));
    }
    status.remove_prefix(key + line.key.size());
    const std::string_view text = status.substr(0, status.find('\n'));
    status.remove_prefix(text.size());
    if (line.take(text, &identity)) continue;
    return Internal("/proc/TID/status: {}\"{}\"", line.key.substr(1), text);
  }
  return identity;
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

absl::StatusOr<std::vector<MemoryPiece>> Caller::ReadArguments(
    std::initializer_list<int> arguments) const {
  std::vector<uint64_t> addresses;
  for (const int index : arguments) {
    if (arg(index) != 0) addresses.push_back(arg(index));
  }
  return ReadMemoryPieces(tid(), addresses);
}

void Caller::Prefetch(std::initializer_list<int> arguments) const {
  auto pieces = ReadArguments(arguments);
  if (pieces.ok() && Waits()) prefetched_ = *std::move(pieces);
}

void Caller::PrefetchWithCapabilities(
    std::initializer_list<int> arguments) const {
  auto pieces = ReadArguments(arguments);
  const auto sets = CapabilitiesOf(tid());
  if (!Waits()) return;
  if (pieces.ok()) prefetched_ = *std::move(pieces);
  if (sets.ok()) capabilities_ = sets->effective;
}

absl::StatusOr<std::string> Caller::ReadString(uint64_t address,
                                               size_t limit) const {
  for (const MemoryPiece& piece : prefetched_) {
    if (piece.address != address) continue;
    const size_t end = piece.data.find('\0');
    if (end < limit) return piece.data.substr(0, end);
  }
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

absl::StatusOr<std::string> Caller::ReadUpTo(uint64_t address,
                                             size_t limit) const {
  SYSBOX_ASSIGN_OR_RETURN(std::string data,
                          ReadMemoryUpTo(tid(), address, limit));
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

absl::StatusOr<CallerNamespaces> Caller::Namespaces() const {
  CallerNamespaces all;
  SYSBOX_ASSIGN_OR_RETURN(all.mounts, IdOf(tid(), NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(all.network, IdOf(tid(), NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(all.pids, IdOf(tid(), NamespaceType::kPid));
  SYSBOX_ASSIGN_OR_RETURN(all.user, IdOf(tid(), NamespaceType::kUser));
  SYSBOX_RETURN_IF_ERROR(StillWaits());
  user_namespace_ = all.user;
  return all;
}

absl::StatusOr<std::string> Caller::ReadProc(std::string_view name) const {
  SYSBOX_ASSIGN_OR_RETURN(Fd file, OpenProc(name, O_RDONLY));
  return ReadAll(file);
}

absl::StatusOr<CallerIdentity> Caller::Identity() const {
  if (!identity_) {
    SYSBOX_ASSIGN_OR_RETURN(const Fd file, OpenProc("status", O_RDONLY));
    SYSBOX_ASSIGN_OR_RETURN(const std::string status, ReadKernelFile(file));
    SYSBOX_ASSIGN_OR_RETURN(identity_, ParseCallerIdentity(status));
  }
  return *identity_;
}

absl::StatusOr<CapabilitySet> Caller::Capabilities() const {
  if (!capabilities_) {
    SYSBOX_ASSIGN_OR_RETURN(const CapabilitySets sets, CapabilitiesOf(tid()));
    SYSBOX_RETURN_IF_ERROR(StillWaits());
    capabilities_ = sets.effective;
  }
  return *capabilities_;
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
    SYSBOX_ASSIGN_OR_RETURN(user_namespace_, IdOf(tid(), NamespaceType::kUser));
    SYSBOX_RETURN_IF_ERROR(StillWaits());
  }
  return *user_namespace_;
}

}  // namespace sysbox::trap
