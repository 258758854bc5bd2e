#include "sysbox/trap/kernel_log.h"

#include <linux/capability.h>

#include <cerrno>
#include <iterator>

namespace sysbox::trap {
namespace {

constexpr int kBufferSize = 1 << 18;  // CONFIG_LOG_BUF_SHIFT's usual value

constexpr uint64_t kEndOfMemory = uint64_t{1} << 47;  // TASK_SIZE; or below

bool IsMemory(const SyslogArguments& arguments) {
  return arguments.buffer <
         kEndOfMemory - static_cast<uint64_t>(arguments.size);
}

// Nothing is ever written there, so that is all there is to see of it.
int ReadNothing(const SyslogArguments& arguments) {
  if (arguments.buffer == 0 || arguments.size < 0) return -EINVAL;
  return arguments.size == 0 || IsMemory(arguments) ? 0 : -EFAULT;
}
int Nothing(const SyslogArguments& /*arguments*/) { return 0; }
int Size(const SyslogArguments& /*arguments*/) { return kBufferSize; }
// The console is the host's.
int Refuse(const SyslogArguments& /*arguments*/) { return -EPERM; }
int RefuseLevel(const SyslogArguments& arguments) {
  return arguments.size < 1 || arguments.size > 8 ? -EINVAL : -EPERM;
}

// By type; include/linux/syslog.h.
struct Action {
  bool for_everybody;
  int (*answer)(const SyslogArguments& arguments);
};
constexpr Action kActions[] = {
    {false, Nothing},      // CLOSE
    {false, Nothing},      // OPEN
    {false, ReadNothing},  // READ: waits, on a host; an empty log has no news
    {true, ReadNothing},   // READ_ALL
    {false, ReadNothing},  // READ_CLEAR
    {false, Nothing},      // CLEAR
    {false, Refuse},       // CONSOLE_OFF
    {false, Refuse},       // CONSOLE_ON
    {false, RefuseLevel},  // CONSOLE_LEVEL
    {false, Nothing},      // SIZE_UNREAD
    {true, Size},          // SIZE_BUFFER
};

const Action* FindAction(int type) {
  return type >= 0 && type < static_cast<int>(std::size(kActions))
             ? &kActions[type]
             : nullptr;
}

}  // namespace

int AnswerSyslog(const SyslogArguments& arguments, bool may_administer) {
  const Action* action = FindAction(arguments.type);
  const bool for_everybody = action != nullptr && action->for_everybody;
  if (!for_everybody && !may_administer) return -EPERM;
  return action == nullptr ? -EINVAL : action->answer(arguments);
}

Verdict Syslog(const TrappedCall& call) {
  const SyslogArguments arguments = {
      .type = static_cast<int>(call.caller.arg(0)),
      .buffer = call.caller.arg(1),
      .size = static_cast<int>(call.caller.arg(2))};
  int answer = AnswerSyslog(arguments, /*may_administer=*/false);
  if (answer == -EPERM) {
    absl::StatusOr<CapabilitySet> capabilities = call.caller.Capabilities();
    if (!capabilities.ok()) return Fail(capabilities.status(), EPERM);
    answer =
        AnswerSyslog(arguments, Contains(*capabilities, CAP_SYSLOG) ||
                                    Contains(*capabilities, CAP_SYS_ADMIN));
  }
  return answer < 0 ? Fail(-answer) : Return(answer);
}

}  // namespace sysbox::trap
