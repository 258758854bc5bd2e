#include "sysbox/trap/kernel_log.h"

#include <linux/capability.h>

#include <cerrno>
#include <iterator>

namespace sysbox::trap {
namespace {

constexpr int kBufferSize = 1 << 18;  // CONFIG_LOG_BUF_SHIFT's usual value

// By action; include/linux/syslog.h.
struct Action {
  bool for_everybody;
  int answer;
};
constexpr Action kActions[] = {
    {true, 0},            // CLOSE
    {true, 0},            // OPEN
    {false, 0},           // READ: waits, on a host; an empty log has no news
    {true, 0},            // READ_ALL
    {false, 0},           // READ_CLEAR
    {false, 0},           // CLEAR
    {false, -EPERM},      // CONSOLE_OFF: the console is the host's
    {false, -EPERM},      // CONSOLE_ON
    {false, -EPERM},      // CONSOLE_LEVEL
    {false, 0},           // SIZE_UNREAD
    {true, kBufferSize},  // SIZE_BUFFER
};

}  // namespace

int AnswerSyslog(int action, bool may_administer) {
  if (action < 0 || action >= static_cast<int>(std::size(kActions))) {
    return -EINVAL;
  }
  const Action& row = kActions[action];
  return row.for_everybody || may_administer ? row.answer : -EPERM;
}

Verdict Syslog(const TrappedCall& call) {
  const int action = static_cast<int>(call.caller.arg(0));
  int answer = AnswerSyslog(action, /*may_administer=*/false);
  if (answer == -EPERM) {
    absl::StatusOr<CallerIdentity> identity = call.caller.Identity();
    if (!identity.ok()) return Fail(identity.status(), EPERM);
    answer = AnswerSyslog(
        action, identity->Can(CAP_SYSLOG) || identity->Can(CAP_SYS_ADMIN));
  }
  return answer < 0 ? Fail(-answer) : Return(answer);
}

}  // namespace sysbox::trap
