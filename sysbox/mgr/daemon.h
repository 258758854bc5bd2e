// The manager as a daemon: the registration service behind the socket. One
// thread, which sleeps until a runtime calls or a container ends.
#ifndef SYSBOX_MGR_DAEMON_H_
#define SYSBOX_MGR_DAEMON_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/daemon_part.h"
#include "sysbox/mgr/registration_service.h"
#include "sysbox/registry/descriptor_vault.h"

namespace sysbox::mgr {

struct DaemonOptions {
  RegistrationOptions registration;
  // Made 0700; holds sysbox.sock (0600) and sysbox.pid.
  std::string run_dir = "/run/sysbox";
  std::string version;        // of the program
  std::string notify_socket;  // $NOTIFY_SOCKET; "": no service manager
  // Called by RunManagerDaemon when it serves, and after each reload.
  std::function<void()> on_ready = {};
  // Where the socket that callers wait at outlives this process; may be null.
  registry::DescriptorVault* vault = nullptr;
  // Containers inside reach Docker's resolver of the container's network.
  bool alias_dns = true;
  // Other roles in this process; they outlive the daemon.
  std::vector<api::DaemonPart*> parts = {};
  // SIGHUP: reads the configuration again and returns what is to hold for
  // containers to come. Not set: the signal only says so.
  std::function<absl::StatusOr<RegistrationOptions>()> reload;
};

class Daemon {
 public:
  // Takes the pid file, adopts the living containers of the journal and
  // releases the dead, and listens. From then on callers wait, not fail.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(DaemonOptions options);
  virtual ~Daemon() = default;
  // Until Stop.
  virtual absl::Status Run() = 0;
  virtual void Stop() = 0;  // from any thread
};

// Create, READY=1, Run until SIGTERM or SIGINT (blocked in this thread from
// then on, as SIGHUP is), STOPPING=1.
absl::Status RunManagerDaemon(const DaemonOptions& options);

// To the hard limit: a few open files per container, and only select(2)'s
// users need the usual 1024.
absl::Status RaiseFileLimit();

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_DAEMON_H_
