// Standing by a container's process in the foreground: signals go to it, its
// terminal is joined to ours, its orphans are reaped, its exit status comes
// back. Made before the process is, so that no signal is lost in between.
#ifndef SYSBOX_RUNTIME_FOREGROUND_H_
#define SYSBOX_RUNTIME_FOREGROUND_H_

#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"
#include "sysbox/runtime/notify_socket.h"

namespace sysbox::runtime {

class Foreground {
 public:
  Foreground() = default;  // can only be assigned to

  // Blocks every signal that can be forwarded, in this thread and for good;
  // they wait for Await. As a subreaper the caller also reaps what the
  // container's processes leave behind.
  static absl::StatusOr<Foreground> Prepare(bool subreaper);

  // Returns when `process` has ended and, with a terminal, all its output is
  // written. `terminal_master` (invalid: none) is joined to our standard
  // input and output; if the input is a terminal it is in raw mode meanwhile,
  // and its size follows. That the container is ready is passed on by
  // `notices` (invalid: nobody asks). On an error `process` is killed.
  absl::StatusOr<ExitStatus> Await(OwnedChild process, Fd terminal_master,
                                   NotifyRelay notices = {});

 private:
  explicit Foreground(Fd signals) : signals_(std::move(signals)) {}
  Fd signals_;
};

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_FOREGROUND_H_
