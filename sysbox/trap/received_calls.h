// Calls from the moment they are received until they are answered, in the
// journal all the while, if there is one: it is what a successor carries on.
#ifndef SYSBOX_TRAP_RECEIVED_CALLS_H_
#define SYSBOX_TRAP_RECEIVED_CALLS_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/trap/container.h"
#include "sysbox/trap/in_flight_journal.h"
#include "sysbox/trap/listeners.h"
#include "sysbox/trap/verdict.h"

namespace sysbox::trap {

using ReceivedCall = InFlightJournal::Unanswered;

// Thread-safe.
class ReceivedCalls {
 public:
  // `journal` may be null.
  ReceivedCalls(std::shared_ptr<Host> host,
                std::shared_ptr<InFlightJournal> journal)
      : host_(std::move(host)), journal_(std::move(journal)) {}

  // The next one; empty if there is none any more. Does not wait where nobody
  // else receives. Each has to be answered or given up.
  absl::StatusOr<std::optional<ReceivedCall>> Receive(Listener& listener);
  // What a predecessor had received when it died, likewise.
  std::vector<ReceivedCall> LeftBehind(const Listener& listener);
  // Decides and acts. The calling thread has been prepared (callers_place.h).
  Verdict Handle(Listener& listener, const ReceivedCall& call);
  void Answer(Listener& listener, const ReceivedCall& call,
              const Verdict& verdict);
  // Nobody can: EIO.
  void GiveUp(Listener& listener, const ReceivedCall& call);

 private:
  void Leave(int slot);

  const std::shared_ptr<Host> host_;
  const std::shared_ptr<InFlightJournal> journal_;
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_RECEIVED_CALLS_H_
