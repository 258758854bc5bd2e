#include "sysbox/trap/received_calls.h"

#include <cerrno>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/trap/answer.h"
#include "sysbox/trap/progress.h"

namespace sysbox::trap {

void ReceivedCalls::Leave(int slot) {
  if (journal_ != nullptr) journal_->Leave(slot);
}

absl::StatusOr<std::optional<ReceivedCall>> ReceivedCalls::Receive(
    Listener& listener) {
  const int slot = journal_ == nullptr ? -1 : journal_->Reserve(listener.name);
  auto received =
      slot < 0 ? listener.port.Receive()
               : listener.port.Receive(journal_->NotificationBytes(slot));
  if (received.ok() && received->has_value()) {
    return ReceivedCall{slot, **received, 0};
  }
  Leave(slot);
  SYSBOX_RETURN_IF_ERROR(received.status());
  return std::nullopt;
}

std::vector<ReceivedCall> ReceivedCalls::LeftBehind(const Listener& listener) {
  std::vector<ReceivedCall> calls;
  if (journal_ == nullptr) return calls;
  for (const ReceivedCall& call : journal_->Find(listener.name)) {
    // Else answered, but not crossed out; or reserved, and there was none.
    if (call.call.id != 0 && listener.port.Waits(call.call.id)) {
      calls.push_back(call);
    } else {
      Leave(call.slot);
    }
  }
  return calls;
}

Verdict ReceivedCalls::Handle(Listener& listener, const ReceivedCall& call) {
  const Progress progress(journal_.get(), call.slot, call.mark);
  return Decide(listener.port, call.call, listener.container(), *host_,
                progress);
}

void ReceivedCalls::Answer(Listener& listener, const ReceivedCall& call,
                           const Verdict& verdict) {
  const absl::Status answered =
      trap::Answer(listener.port, call.call.id, verdict);
  if (!answered.ok()) {
    Log(LogLevel::kWarning, "interception of {}: {}", listener.container().id,
        MessageOf(answered));
    // Never leave a caller hanging.
    (void)listener.port.Fail(call.call.id, EPERM);
  }
  Leave(call.slot);
}

void ReceivedCalls::GiveUp(Listener& listener, const ReceivedCall& call) {
  (void)listener.port.Fail(call.call.id, EIO);  // gone: all the better
  Leave(call.slot);
}

}  // namespace sysbox::trap
