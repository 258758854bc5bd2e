#include "sysbox/keeper/held_descriptors.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::keeper {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr size_t kMaxNameSize = 255;
constexpr uint64_t kMaxCount = 1 << 20;

}  // namespace

bool IsDescriptorName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameSize &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c < 127 && c != ':'; });
}

absl::StatusOr<std::vector<std::string>> ParseListenVariables(
    const ListenVariables& variables, pid_t self) {
  if (variables.fds.empty()) return std::vector<std::string>();
  const auto pid = ParseUint64(variables.pid);
  if (!pid) return InvalidArgument("LISTEN_PID: \"{}\"", variables.pid);
  if (*pid != static_cast<uint64_t>(self)) return std::vector<std::string>();
  const auto count = ParseUint64(variables.fds);
  if (!count || *count > kMaxCount) {
    return InvalidArgument("LISTEN_FDS: \"{}\"", variables.fds);
  }
  std::vector<std::string> names;
  if (!variables.names.empty()) names = absl::StrSplit(variables.names, ':');
  names.resize(*count);
  return names;
}

absl::StatusOr<HeldDescriptors> TakeListenDescriptors(
    const ListenVariables& variables) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ParseListenVariables(variables, getpid()));
  HeldDescriptors held;
  int number = kFirst;
  for (const std::string& name : names) {
    Fd fd(number++);
    SYSBOX_RETURN_IF_ERROR(SetCloseOnExec(fd, true), "LISTEN_FDS");
    // Of two with one name the later is the newer.
    if (IsDescriptorName(name)) held[name] = std::move(fd);
  }
  return held;
}

}  // namespace sysbox::keeper
