// The parent of `sysbox daemon`: a small process without threads that holds,
// by name, what containers would miss if it went away (/dev/fuse, seccomp
// notification and state descriptors), and a worker that does all the work and
// may die at any instant.
//
//     service manager        keeper                       worker
//          │ LISTEN_FDS ───────▶ │ ── fork, fds inherited ───▶ │ Take …
//          │                     │ ◀───── hold NAME + fd ───── │ Hold
//          │ ◀─ FDSTORE=1 ────── │                             │
//          │                     │ ◀───────── ready ────────── │ Ready
//          │ ◀─ READY=1 ──────── │                             │
//          │                     │ ◀─────── (it dies) ──────── ✗
//          │                     │ ── drain, fork anew ──────▶ │ Take …
//          │ ─── SIGTERM ──────▶ │ ──────── SIGTERM ─────────▶ │
//          │ ◀─ STOPPING=1 ───── │ ◀──────── exit 0 ────────── │
//
// The worker dies with the keeper. What the service manager was given to store
// outlives both, and so do connections of containers.
#ifndef SYSBOX_KEEPER_KEEPER_H_
#define SYSBOX_KEEPER_KEEPER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "sysbox/keeper/held_descriptors.h"
#include "sysbox/keeper/keeper_client.h"

namespace sysbox::keeper {

struct KeeperOptions {
  std::string notify_socket;  // $NOTIFY_SOCKET; "": no service manager
  ListenVariables listen;     // what it stored for us
};

// Runs `worker` in forked processes until one ends for good, and returns the
// exit code. Returns in each worker too, with what `worker` returned: the
// caller ends the process then, with 0 if it was asked to. To be called without
// threads. SIGTERM and SIGINT end both; SIGHUP is passed on.
absl::StatusOr<int> KeepWorker(
    const KeeperOptions& options,
    absl::FunctionRef<absl::StatusOr<int>(KeeperClient& keeper)> worker);

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_KEEPER_H_
