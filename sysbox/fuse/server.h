// Serves FUSE connections from their Trees: a few threads for all of them
// together, none of which wakes up without a request. Requests of one
// connection occupy a bounded number of threads, so that none starves others.
#ifndef SYSBOX_FUSE_SERVER_H_
#define SYSBOX_FUSE_SERVER_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/fuse/poll_journal.h"
#include "sysbox/fuse/request_buffers.h"
#include "sysbox/fuse/service_options.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/fd.h"

namespace sysbox::fuse {

struct ServerOptions {
  int threads = 0;  // 0: as many as suit this machine
  // Where requests are while they are answered; null: nobody will look.
  std::shared_ptr<RequestBuffers> buffers = nullptr;
  // Who waits by poll(2), likewise.
  std::shared_ptr<PollJournal> polls = nullptr;
  // Since Linux 6.9 the kernel gives out again what a predecessor had read. If
  // not, or false: it is found in `buffers`.
  bool ask_to_resend = true;
  // Becomes POLLPRI when files that tell of changes by poll(2) have changed;
  // if any. Being polled makes it quiet again, as of a sysctl.
  Fd changes = {};
};

class Server {
 public:
  using Id = uint64_t;  // never 0, never used again

  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);
  // Returns when no call of a Tree runs any more. Connections stay alive if
  // somebody else holds their device.
  virtual ~Server() = default;

  // Starts to serve `device` (FuseMount, or a duplicate). Returns at once.
  virtual absl::StatusOr<Id> Add(Fd device, std::shared_ptr<Tree> tree,
                                 ServiceOptions options) = 0;
  // Stops serving and closes the device. Calls that run may go on for a
  // moment: they keep the Tree alive. Unknown ids (ended ones) are fine.
  virtual void Remove(Id id) = 0;
  // `node` was changed by somebody else than its readers: what the kernel
  // keeps of it is asked for anew (content, if Attributes::changed differs).
  // Never waits; may be called from a Tree call. Unknown ids are fine.
  virtual absl::Status Invalidate(Id id, NodeId node) = 0;
  // Likewise for one name in a directory that is gone or new. Waits for calls
  // in that directory: not to be called from a Tree call.
  virtual absl::Status InvalidateName(Id id, NodeId directory,
                                      std::string_view name) = 0;
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_SERVER_H_
