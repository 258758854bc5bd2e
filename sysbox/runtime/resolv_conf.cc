#include "sysbox/runtime/resolv_conf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::runtime {
namespace {

constexpr std::string_view kDockerDns = "127.0.0.11";
constexpr std::string_view kFile = "/resolv.conf";
constexpr size_t kDockerIdSize = 64;
constexpr size_t kMaxSize = size_t{64} << 10;

bool IsHex(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c));
}

// Docker's own for one container, ".../ID/resolv.conf": no other file that
// somebody binds there is ours to write.
bool IsOfDocker(std::string_view path) {
  if (!path.ends_with(kFile)) return false;
  path.remove_suffix(kFile.size());
  const std::string_view id = path.substr(path.rfind('/') + 1);
  return id.size() == kDockerIdSize && std::all_of(id.begin(), id.end(), IsHex);
}

// In place: it is mounted. The new text first, then its end, so that no reader
// finds nothing.
absl::Status Rewrite(FdRef file, std::string_view text) {
  if (lseek(file.get(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "lseek");
  SYSBOX_RETURN_IF_ERROR(WriteAll(file, text));
  if (ftruncate(file.get(), static_cast<off_t>(text.size())) != 0) {
    return ErrnoStatus(errno, "ftruncate");
  }
  return absl::OkStatus();
}

absl::Status AliasIn(const std::string& path, const std::string& id,
                     api::Manager& manager) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd file, Open(path, {.flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK}));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(file));
  if (!S_ISREG(found.st_mode)) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadAll(file, kMaxSize));
  if (ReplaceNameserver(text, kDockerDns, "") == text) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const std::string address, manager.AliasDns(id));
  if (address.empty()) return absl::OkStatus();
  return Rewrite(file, ReplaceNameserver(text, kDockerDns, address));
}

}  // namespace

std::string ReplaceNameserver(std::string_view text, std::string_view from,
                              std::string_view to) {
  std::vector<std::string> lines;
  for (const absl::string_view piece : absl::StrSplit(ToAbsl(text), '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(piece, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const bool found = words.size() >= 2 && words[0] == "nameserver" &&
                       ToStd(words[1]) == from;
    lines.push_back(found ? fmt::format("nameserver {}", to)
                          : std::string(ToStd(piece)));
  }
  return absl::StrJoin(lines, "\n");
}

void AliasDns(const oci::StateFile& state, api::Manager& manager) {
  // A regular container has no engine inside.
  if (!state.cgroup.delegate) return;
  for (const oci::Mount& mount : state.config.mounts) {
    if (mount.destination != "/etc/resolv.conf" || !IsOfDocker(mount.source)) {
      continue;
    }
    const absl::Status status = AliasIn(mount.source, state.id, manager);
    if (!status.ok()) {
      Log(LogLevel::kWarning, "{}: {}", mount.source, MessageOf(status));
    }
  }
}

}  // namespace sysbox::runtime
