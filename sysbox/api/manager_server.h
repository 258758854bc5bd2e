// The manager's messages on a Server: decoded, handed to a ManagerBackend,
// answered. What a backend does is mgr/'s business.
#ifndef SYSBOX_API_MANAGER_SERVER_H_
#define SYSBOX_API_MANAGER_SERVER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/api/server.h"

namespace sysbox::api {

// api::Manager with the caller's identity. Calls come from one thread.
class ManagerBackend {
 public:
  virtual ~ManagerBackend() = default;
  virtual absl::StatusOr<Registered> Register(const Peer& peer,
                                              Registration registration) = 0;
  virtual absl::Status Activate(const Peer& peer, const std::string& id,
                                Pidfd init) = 0;
  virtual absl::StatusOr<std::string> AliasDns(const std::string& id) = 0;
  virtual absl::Status Unregister(const std::string& id) = 0;
  // At most `limit` containers whose id sorts after `after`, sorted.
  virtual absl::StatusOr<std::vector<ContainerSummary>> List(
      const std::string& after, size_t limit) = 0;
};

// `backend` must outlive the server's last callback.
void ServeManager(Server* server, ManagerBackend* backend);

}  // namespace sysbox::api

#endif  // SYSBOX_API_MANAGER_SERVER_H_
