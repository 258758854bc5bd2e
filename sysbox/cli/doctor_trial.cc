#include "sysbox/cli/doctor_trial.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"

namespace sysbox::cli {
namespace {

constexpr int kUnnamedError = 255;

}  // namespace

absl::StatusOr<Fd> MakeProbeUserNamespace() {
  SYSBOX_ASSIGN_OR_RETURN(
      std::optional<OwnedChild> child,
      Clone({.flags = CLONE_NEWUSER, .into_cgroup = std::nullopt}));
  if (!child.has_value()) {
    // Dies with us, should we be killed; else by OwnedChild's end.
    if (SetParentDeathSignal(SIGKILL).ok()) pause();
    _exit(1);
  }
  const IdMapLine line = {
      .inside = 0, .outside = kProbeIds.first, .size = kProbeIds.size};
  SYSBOX_RETURN_IF_ERROR(WriteUidMap(child->pid(), {line}));
  SYSBOX_RETURN_IF_ERROR(WriteGidMap(child->pid(), {line}));
  return OpenNamespace(child->pid(), NamespaceType::kUser);
}

absl::Status TryInChild(uint64_t clone_flags,
                        absl::FunctionRef<absl::Status()> body) {
  SYSBOX_ASSIGN_OR_RETURN(
      std::optional<OwnedChild> child,
      Clone({.flags = clone_flags, .into_cgroup = std::nullopt}));
  if (!child.has_value()) {
    const absl::Status status = body();
    _exit(status.ok() ? 0 : std::clamp(ErrnoOf(status), 1, kUnnamedError));
  }
  SYSBOX_ASSIGN_OR_RETURN(const ExitStatus status, child->Wait());
  if (status.signal != 0) return Internal("killed by signal {}", status.signal);
  if (status.code == 0) return absl::OkStatus();
  return ErrnoStatus(status.code, "in a child");
}

std::string NearestDirectory(std::string path) {
  while (path.size() > 1 && !Exists(path)) {
    path.resize(std::max<size_t>(path.rfind('/'), 1));
  }
  return path;
}

}  // namespace sysbox::cli
