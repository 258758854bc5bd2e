#include "sysbox/launch/init_console.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <unistd.h>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/rooted_path.h"

namespace sysbox::launch {

absl::StatusOr<Terminal> MakeTerminal(FdRef root, const ProcessPlan& plan,
                                      SyncChannel& channel) {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd devpts, OpenInRoot(root, "/dev/pts", {.flags = O_PATH | O_DIRECTORY}),
      "open terminal");
  SYSBOX_ASSIGN_OR_RETURN(Terminal terminal, OpenTerminal(devpts),
                          "open terminal");
  if (plan.terminal_rows != 0 || plan.terminal_columns != 0) {
    SYSBOX_RETURN_IF_ERROR(SetWindowSize(
        terminal.master, {plan.terminal_rows, plan.terminal_columns}));
  }
  FdRef master[] = {terminal.master};
  SYSBOX_RETURN_IF_ERROR(
      channel.Send(SyncMessage::kTerminal, 0, terminal.name, master));
  return terminal;
}

absl::Status AttachConsole(FdRef root, const Terminal& terminal) {
  SYSBOX_ASSIGN_OR_RETURN(Fd target, MakeFileInRoot(root, "/dev/console", 0600),
                          "make /dev/console");
  // A link in the rootfs must not have us cover what decides about security
  // (CVE-2025-52565).
  SYSBOX_ASSIGN_OR_RETURN(uint64_t magic, FilesystemMagic(target));
  SYSBOX_ASSIGN_OR_RETURN(bool below, LiesBelowInRoot(root, target, "/proc"));
  if (magic == PROC_SUPER_MAGIC || below) {
    return InvalidArgument("\"/dev/console\" leads into /proc");
  }
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount slave,
                          CloneTree(terminal.slave, "", /*recursive=*/false),
                          "bind /dev/console");
  return Annotate(AttachMount(slave, target), "bind /dev/console");
}

absl::Status AdoptTerminal(const Terminal& terminal, const ProcessPlan& plan) {
  SYSBOX_RETURN_IF_ERROR(MakeControllingTerminal(terminal.slave));
  SYSBOX_RETURN_IF_ERROR(
      ChangeOwner(terminal.slave, plan.uid, static_cast<gid_t>(-1)),
      "chown terminal");
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    SYSBOX_RETURN_IF_ERROR(DuplicateOnto(terminal.slave, fd));
  }
  return absl::OkStatus();
}

}  // namespace sysbox::launch
