// A role in the daemon's process beside the manager (emulated files,
// interception): the manager tells it of each container's life, and it may
// serve messages of its own on the same socket. Composed by cli/.
//
// Order of a container's events, all on the loop's thread:
//     Register → Activate → Release      a container of this daemon's time
//     Adopt → Release                    one that lived before it started
// Release may come at any point, also of ids that were never heard of.
#ifndef SYSBOX_API_DAEMON_PART_H_
#define SYSBOX_API_DAEMON_PART_H_

#include <string>

#include "absl/status/status.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/api/manager.h"
#include "sysbox/api/server.h"
#include "sysbox/linux/process.h"

namespace sysbox::api {

class DaemonPart {
 public:
  virtual ~DaemonPart() = default;

  // Once, before any other call but Adopt. Both outlive the part's last call
  // of them.
  virtual absl::Status Start(EventLoop* loop, Server* server) = 0;

  // What a container asked, and what it is going to be told, which may be
  // added to. An error refuses it.
  virtual absl::Status Register(const Registration& asked,
                                Registered* reply) = 0;
  // Its init exists and waits. An error ends it.
  virtual absl::Status Activate(const std::string& id, const Pidfd& init) = 0;
  // Before Start.
  virtual void Adopt(const ContainerSummary& container) = 0;
  // It has ended, or never came to be. Must not wait.
  virtual void Release(const std::string& id) = 0;
};

}  // namespace sysbox::api

#endif  // SYSBOX_API_DAEMON_PART_H_
