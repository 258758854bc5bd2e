#include "sysbox/cli/host_use.h"

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/api/client.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/box_state.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"

namespace sysbox::cli {
namespace {

constexpr char kRunDir[] = "/run/sysbox";

}  // namespace

absl::StatusOr<std::vector<std::string>> RunningContainers() {
  std::vector<std::string> running;
  // Nothing has run since the boot; asking would make the directory.
  if (!Exists(kRunDir)) return running;
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<BoxState> boxes,
                          ListBoxes(RuntimeOptions()));
  for (const BoxState& box : boxes) {
    if (box.pid != 0 && box.status != "stopped") running.push_back(box.id);
  }
  return running;
}

bool DaemonListens() {
  const int error = ErrnoOf(
      ConnectUnix(SocketKind::kSeqPacket, api::kManagerSocket).status());
  return error != ENOENT && error != ECONNREFUSED;
}

absl::Status RemoveRunDirectories(const std::string& user, const Steps& steps) {
  if (!user.empty()) {
    return steps.Say(fmt::format("kept: {}, for {}", kRunDir, user));
  }
  if (Exists(kRunDir)) {
    SYSBOX_RETURN_IF_ERROR(steps.Do(fmt::format("remove {}", kRunDir), [] {
      if (!DaemonListens()) return RemoveTree(kRunDir);
      return FailedPrecondition("a daemon has been started meanwhile");
    }));
  }
  const std::string states = RuntimeOptions().root;
  const auto left = ListDirectory(states);
  if (!left.ok() || !left->empty()) return absl::OkStatus();
  return steps.Do(fmt::format("remove {}", states),
                  [&] { return RemoveDirectory(states); });
}

}  // namespace sysbox::cli
