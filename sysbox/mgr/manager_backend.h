// Answers the runtimes' questions, and tells all that takes part in a
// container's life of its beginning and end.
#ifndef SYSBOX_MGR_MANAGER_BACKEND_H_
#define SYSBOX_MGR_MANAGER_BACKEND_H_

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sysbox/api/daemon_part.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/api/manager_server.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"
#include "sysbox/mgr/dns_service.h"
#include "sysbox/mgr/overlay_coherence.h"
#include "sysbox/mgr/process_identity.h"
#include "sysbox/mgr/process_watch.h"
#include "sysbox/mgr/registration_service.h"
#include "sysbox/registry/descriptor_vault.h"

namespace sysbox::mgr {

struct BackendOptions {
  RegistrationOptions registration;
  registry::DescriptorVault* vault = nullptr;  // may be null
  bool alias_dns = true;
  std::vector<api::DaemonPart*> parts;  // they outlive the backend
};

// All in the loop's thread.
class ManagerBackend : public api::ManagerBackend,
                       public RegistrationService::Observer {
 public:
  // Adopts the living containers of the journal and releases the dead. `loop`
  // must outlive it.
  static absl::StatusOr<std::unique_ptr<ManagerBackend>> Create(
      api::EventLoop* loop, const BackendOptions& options);

  absl::StatusOr<api::Registered> Register(
      const api::Peer& peer, api::Registration registration) override;
  absl::Status Activate(const api::Peer& peer, const std::string& id,
                        Pidfd init) override;
  absl::StatusOr<std::string> AliasDns(const std::string& id) override;
  absl::Status Unregister(const std::string& id) override;
  absl::StatusOr<std::vector<api::ContainerSummary>> List(
      const std::string& after, size_t limit) override;

  void OnHeld(const LedgerEntry& entry) override;
  void OnReleased(const std::string& id) override;

  // A connection has gone, and with it what it registered but did not activate.
  void OnHangup(const api::Peer& peer);

  RegistrationService& service() { return *service_; }

 private:
  // A connection that registered something.
  struct Caller {
    ProcessIdentity process;
    std::set<std::string> pending;
    std::vector<std::string> activated;
  };

  explicit ManagerBackend(std::vector<api::DaemonPart*> parts)
      : parts_(std::move(parts)) {}
  void StartCoherence(api::EventLoop* loop);
  void StartDns(registry::DescriptorVault* vault);
  absl::Status Adopt(const RegistrationOptions& options);
  absl::Status AdoptIntoParts();
  void AdoptDns(const api::ContainerSummary& container);
  absl::StatusOr<Fd> NetworkOf(const std::string& id);
  absl::StatusOr<api::Registered> RegisterEverywhere(
      const Caller& caller, const api::Registration& registration);
  absl::StatusOr<Caller*> CallerOf(const api::Peer& peer);
  void OnEnd(const std::string& id);

  std::vector<api::DaemonPart*> parts_;
  std::unique_ptr<ProcessWatch> watch_;
  std::unique_ptr<OverlayCoherence> coherence_;  // null: the kernel cannot
  std::unique_ptr<DnsService> dns_;  // null: not wanted, or it cannot be
  std::unique_ptr<RegistrationService> service_;
  absl::flat_hash_map<uint64_t, Caller> callers_;  // by connection
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_MANAGER_BACKEND_H_
