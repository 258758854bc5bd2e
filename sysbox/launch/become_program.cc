#include "sysbox/launch/become_program.h"

#include <unistd.h>

#include <cerrno>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/launch/hooks.h"
#include "sysbox/launch/init_cgroup.h"
#include "sysbox/launch/init_credentials.h"
#include "sysbox/launch/init_exec.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/process_attributes.h"

namespace sysbox::launch {
namespace {

constexpr int kFirstPreserved = 3;
// runc's status when the program, found before, cannot be executed.
constexpr int kExecFailed = 255;

absl::Status PrepareAttributes(const ProcessPlan& plan, FdRef root) {
  if (plan.new_session_keyring) {
    absl::Status joined = JoinSessionKeyring("_ses");
    // Kernels without keyrings, or a full quota, must not stop a container;
    // the session keyring is then none, never the host's (a new user
    // namespace has keyrings of its own).
    (void)joined;
  }
  if (plan.personality.has_value()) {
    SYSBOX_RETURN_IF_ERROR(SetPersonality(*plan.personality));
  }
  SYSBOX_RETURN_IF_ERROR(EnterWorkingDirectory(plan, root));
  SetUmask(plan.umask.value_or(0022));
  SYSBOX_RETURN_IF_ERROR(ResetSignals());
  // Nothing of the launcher's survives the exec but what was asked for.
  return CloseOnExecFrom(kFirstPreserved + plan.preserve_fds);
}

absl::Status PassGate(const StartGate& gate, const std::string& hook_state) {
  if (!gate.fifo.valid()) return absl::OkStatus();
  char byte = 0;
  ssize_t count = 0;
  do {
    count = read(gate.fifo.get(), &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return ErrnoStatus(errno, "read exec fifo");
  SYSBOX_RETURN_IF_ERROR(EnterLeaf(gate.leaf));
  if (gate.start_container_hooks == nullptr) return absl::OkStatus();
  return RunHooks("startContainer", *gate.start_container_hooks, hook_state);
}

[[noreturn]] void ExitLoudly(const absl::Status& error) {
  std::string text = fmt::format("{}\n", MessageOf(error));
  // Standard error may be closed; the exit status still tells.
  [[maybe_unused]] ssize_t ignored =
      write(STDERR_FILENO, text.data(), text.size());
  _exit(kExecFailed);
}

}  // namespace

absl::Status BecomeProgram(const ProcessPlan& plan, FdRef root,
                           const StartGate& gate, SyncChannel& channel) {
  SYSBOX_RETURN_IF_ERROR(PrepareAttributes(plan, root));
  std::vector<std::string> env = BuildEnvironment(plan, root);
  SYSBOX_RETURN_IF_ERROR(AssumeIds(plan));
  SYSBOX_ASSIGN_OR_RETURN(std::string program, FindProgram(plan.args[0], env));
  SYSBOX_ASSIGN_OR_RETURN(Fd listener, SealCredentials(plan));
  std::vector<FdRef> fds;
  if (listener.valid()) fds.push_back(listener);
  SYSBOX_RETURN_IF_ERROR(channel.Send(SyncMessage::kPrepared, 0, {}, fds));
  listener.Reset();
  SYSBOX_ASSIGN_OR_RETURN(SyncPacket go, channel.Expect(SyncMessage::kExec));
  if (!gate.fifo.valid()) {
    SYSBOX_RETURN_IF_ERROR(EnterLeaf(gate.leaf));
    return Annotate(Execute(program, plan.args, env), "exec");
  }
  channel.Close();
  absl::Status error = PassGate(gate, go.text);
  if (error.ok()) error = Execute(program, plan.args, env);
  ExitLoudly(error);
}

}  // namespace sysbox::launch
