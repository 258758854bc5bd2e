// Receives trapped calls from every container's listeners, has them handled,
// and answers them: the only place that does. Threads are made when calls
// come: one more than are busy, so that no container waits for another's slow
// call; a container has at most a bounded number of calls in flight, the rest
// wait in the kernel. Idle it costs no thread but two, and no wake-up.
#ifndef SYSBOX_TRAP_DISPATCHER_H_
#define SYSBOX_TRAP_DISPATCHER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/trap/container.h"
#include "sysbox/trap/in_flight_journal.h"

namespace sysbox::trap {

struct DispatcherOptions {
  int max_in_flight = 8;  // per container; 1 with half of all threads made
  size_t max_threads = 512;
  // The listener of that name is gone: no process has its filter any more.
  // From a worker thread, without a lock.
  std::function<void(const std::string& name)> on_gone = {};
  // Null: calls in flight are lost with this process.
  std::shared_ptr<InFlightJournal> journal = {};
};

class Dispatcher {
 public:
  static absl::StatusOr<std::unique_ptr<Dispatcher>> Create(
      std::shared_ptr<Host> host, const DispatcherOptions& options = {});
  // Lets go of all listeners. Waits for calls in flight, but not for ever: one
  // that a container holds up is left behind.
  virtual ~Dispatcher() = default;

  // Answers what `listener` traps until no process has its filter any more,
  // and before that what the journal has of `name`. Listeners of one container
  // share the bound. Thread-safe.
  virtual absl::Status Serve(const Container& container,
                             const std::string& name, Fd listener) = 0;

  virtual size_t listener_count() const = 0;
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_DISPATCHER_H_
