#include "sysbox/cli/launch_commands.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/manager_choice.h"
#include "sysbox/linux/file.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/foreground.h"
#include "sysbox/runtime/lifecycle.h"
#include "sysbox/runtime/notify_socket.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kBundle = {.name = "bundle",
                              .alias = 'b',
                              .kind = ValueKind::kText,
                              .value = "DIR",
                              .fallback = ".",
                              .help = "the bundle: config.json and the rootfs"};
constexpr FlagSpec kConfig = {
    .name = "config",
    .alias = 'f',
    .kind = ValueKind::kText,
    .value = "FILE",
    .help = "use FILE instead of the bundle's config.json (as with crun)"};
constexpr FlagSpec kConsoleSocket = {
    .name = "console-socket",
    .kind = ValueKind::kText,
    .value = "PATH",
    .help = "Unix socket that receives the master end of the terminal"};
constexpr FlagSpec kPidFile = {
    .name = "pid-file",
    .kind = ValueKind::kText,
    .value = "FILE",
    .help = "write the container's process id to FILE"};
constexpr FlagSpec kNoPivot = {
    .name = "no-pivot",
    .help =
        "move the rootfs instead of pivot_root(2), for a rootfs on a "
        "ramdisk"};
constexpr FlagSpec kNoNewKeyring = {
    .name = "no-new-keyring",
    .help = "let the container inherit the caller's session keyring"};
constexpr FlagSpec kPreserveFds = {
    .name = "preserve-fds",
    .kind = ValueKind::kInteger,
    .value = "N",
    .fallback = "0",
    .help = "pass N further file descriptors on, from 3 up"};
constexpr FlagSpec kDetach = {
    .name = "detach", .alias = 'd', .help = "do not stay with the container"};
constexpr FlagSpec kKeep = {
    .name = "keep", .help = "do not delete the container when it has ended"};
constexpr FlagSpec kNoSubreaper = {
    .name = "no-subreaper",
    .help = "do not adopt processes that the container leaves"};

constexpr FlagSpec kCreateFlags[] = {
    kBundle,  kConfig,       kConsoleSocket, kPidFile,
    kNoPivot, kNoNewKeyring, kPreserveFds,
};
constexpr FlagSpec kRunFlags[] = {
    kBundle,       kConfig,      kConsoleSocket, kPidFile, kNoPivot,
    kNoNewKeyring, kPreserveFds, kDetach,        kKeep,    kNoSubreaper,
};

// Whether the directory at `path` is another one than `held`, or gone: then
// somebody has deleted the container, and may have made another of its name.
bool IsGone(const std::string& path, FdRef held) {
  absl::StatusOr<struct stat> ours = Stat(held);
  absl::StatusOr<struct stat> there = StatAt(FdRef::Cwd(), path);
  if (!ours.ok() || !there.ok()) return ErrnoOf(there.status()) == ENOENT;
  return ours->st_ino != there->st_ino || ours->st_dev != there->st_dev;
}

void Delete(runtime::Container& container, FdRef directory,
            api::Manager& manager) {
  if (IsGone(container.dir().path(), directory)) return;
  absl::Status status =
      runtime::DeleteContainer(container, /*force=*/true, manager);
  if (!status.ok() && !absl::IsNotFound(status)) {
    Log(LogLevel::kError, "delete \"{}\": {}", container.state().id,
        MessageOf(status));
  }
}

// How many sockets our caller activated us with: sd_listen_fds(3). What is
// malformed, or meant for somebody else, is none.
int ListenFds() {
  const char* process = getenv("LISTEN_PID");
  const char* count = getenv("LISTEN_FDS");
  if (process == nullptr || count == nullptr) return 0;
  if (ParseUint64(process) != static_cast<uint64_t>(getpid())) return 0;
  const absl::StatusOr<int> fds =
      PreserveFdsOf(static_cast<int64_t>(ParseUint64(count).value_or(0)), 0);
  return fds.value_or(0);
}

// Of the service manager that started us; empty: none did.
std::string NotifySocket() {
  const char* socket = getenv("NOTIFY_SOCKET");
  return socket == nullptr ? "" : socket;
}

}  // namespace

absl::Span<const FlagSpec> CreateFlags() { return kCreateFlags; }
absl::Span<const FlagSpec> RunFlags() { return kRunFlags; }

absl::StatusOr<runtime::CreateOptions> CreateOptionsOf(
    const Invocation& invocation, const RuntimeOptions& globals) {
  const FlagValues& flags = invocation.flags;
  runtime::CreateOptions options;
  options.root = globals.root;
  options.id = invocation.operands[0];
  SYSBOX_ASSIGN_OR_RETURN(options.bundle, RealPath(flags.Text(kBundle)),
                          "--bundle");
  options.config = flags.Text(kConfig);
  options.pid_file = flags.Text(kPidFile);
  options.console_socket = flags.Text(kConsoleSocket);
  options.no_pivot = flags.Switch(kNoPivot);
  options.no_new_keyring = flags.Switch(kNoNewKeyring);
  options.systemd_cgroup = globals.systemd_cgroup;
  options.skip_kernel_check = globals.skip_kernel_check;
  options.uses_manager = !globals.no_manager;
  options.emulate = !globals.no_emulation;
  options.listen_fds = ListenFds();
  SYSBOX_ASSIGN_OR_RETURN(
      options.preserve_fds,
      PreserveFdsOf(flags.Integer(kPreserveFds), options.listen_fds));
  options.notify_socket = !NotifySocket().empty();
  options.version = kVersion;
  return options;
}

absl::StatusOr<int> RunCreate(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  const std::string& id = invocation.operands[0];
  SYSBOX_ASSIGN_OR_RETURN(runtime::CreateOptions options,
                          CreateOptionsOf(invocation, globals), "create \"{}\"",
                          id);
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kFail);
  SYSBOX_ASSIGN_OR_RETURN(runtime::Created created,
                          runtime::CreateContainer(options, *manager),
                          "create \"{}\"", id);
  created.init.Release();
  return 0;
}

absl::StatusOr<int> RunStart(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  SYSBOX_ASSIGN_OR_RETURN(
      runtime::Container container,
      runtime::Container::Load(globals.root, invocation.operands[0]));
  globals.no_manager = !container.state().uses_manager;
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kFail);
  SYSBOX_ASSIGN_OR_RETURN(
      runtime::NotifyRelay notices,
      runtime::NotifyRelay::Listen(container.dir(), NotifySocket()));
  // Before it can end; only where it is waited for.
  Pidfd init;
  if (notices.valid()) {
    SYSBOX_ASSIGN_OR_RETURN(init, container.Init());
  }
  SYSBOX_RETURN_IF_ERROR(runtime::StartContainer(container, *manager));
  if (notices.valid()) SYSBOX_RETURN_IF_ERROR(notices.Await(init));
  return 0;
}

absl::StatusOr<int> RunContainer(const RunOptions& options,
                                 api::Manager& manager) {
  runtime::CreateOptions create = options.create;
  create.start_at_once = true;
  runtime::Foreground foreground;
  if (!create.detach) {
    // Before anything exists, so that a ^C while it is made reaches it.
    SYSBOX_ASSIGN_OR_RETURN(foreground,
                            runtime::Foreground::Prepare(options.subreaper));
  }
  SYSBOX_ASSIGN_OR_RETURN(runtime::Created created,
                          runtime::CreateContainer(create, manager));
  absl::StatusOr<Fd> directory =
      Open(created.container.dir().path(), {.flags = O_PATH | O_DIRECTORY});
  absl::Cleanup remove = [&] {
    Delete(created.container, directory.ok() ? FdRef(*directory) : FdRef(-1),
           manager);
  };
  SYSBOX_RETURN_IF_ERROR(directory.status());
  SYSBOX_ASSIGN_OR_RETURN(
      runtime::NotifyRelay notices,
      runtime::NotifyRelay::Listen(created.container.dir(), NotifySocket()));
  SYSBOX_RETURN_IF_ERROR(runtime::StartContainer(created.container, manager));
  if (create.detach) {
    if (notices.valid()) {
      SYSBOX_RETURN_IF_ERROR(notices.Await(created.init.pidfd()));
    }
    std::move(remove).Cancel();
    created.init.Release();
    return 0;
  }
  SYSBOX_ASSIGN_OR_RETURN(
      ExitStatus status,
      foreground.Await(std::move(created.init),
                       std::move(created.terminal_master), std::move(notices)));
  if (options.keep) std::move(remove).Cancel();
  return status.ShellCode();
}

absl::StatusOr<int> RunRun(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  const std::string& id = invocation.operands[0];
  RunOptions options;
  SYSBOX_ASSIGN_OR_RETURN(options.create, CreateOptionsOf(invocation, globals),
                          "run \"{}\"", id);
  options.create.detach = invocation.flags.Switch(kDetach);
  options.keep = invocation.flags.Switch(kKeep);
  options.subreaper = !invocation.flags.Switch(kNoSubreaper);
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kEmbed);
  SYSBOX_ASSIGN_OR_RETURN(int code, RunContainer(options, *manager),
                          "run \"{}\"", id);
  return code;
}

}  // namespace sysbox::cli
