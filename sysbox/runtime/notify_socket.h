// $NOTIFY_SOCKET of create, start and run (sd_notify(3)), as runc has it: the
// container gets a socket of its own at kNotifySocket, and its "READY=1", and
// nothing else that it says, is passed on to the service manager that started
// us. The container writes what it likes, when it likes.
#ifndef SYSBOX_RUNTIME_NOTIFY_SOCKET_H_
#define SYSBOX_RUNTIME_NOTIFY_SOCKET_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"
#include "sysbox/oci/spec.h"
#include "sysbox/runtime/state_dir.h"

namespace sysbox::runtime {

// Inside.
inline constexpr char kNotifySocket[] = "/run/notify/notify.sock";

// For a create: makes the directory of the socket and binds it in `spec`.
absl::Status AddNotifySocket(StateDir& dir, oci::Spec& spec);

class NotifyRelay {
 public:
  // Before the container's program runs. `service`: the value of
  // $NOTIFY_SOCKET. Invalid if create has made no place for the socket.
  static absl::StatusOr<NotifyRelay> Listen(const StateDir& dir,
                                            std::string service);
  NotifyRelay() = default;
  bool valid() const { return socket_.valid(); }
  FdRef fd() const { return socket_; }

  // Reads what waits. True: the container is ready and `service` knows, with
  // `main` (0: unchanged) as its main process; nothing further is passed on.
  absl::StatusOr<bool> PassOn(pid_t main);
  // Returns when that has happened, or `init` has ended.
  absl::Status Await(const Pidfd& init);

 private:
  NotifyRelay(Fd socket, std::string service)
      : socket_(std::move(socket)), service_(std::move(service)) {}
  Fd socket_;
  std::string service_;
};

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_NOTIFY_SOCKET_H_
