#include "sysbox/mgr/manager_backend.h"

#include <limits>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/ids/id_map_text.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox::mgr {

absl::StatusOr<std::unique_ptr<ManagerBackend>> ManagerBackend::Create(
    api::EventLoop* loop, const BackendOptions& options) {
  std::unique_ptr<ManagerBackend> backend(new ManagerBackend(options.parts));
  SYSBOX_ASSIGN_OR_RETURN(
      backend->watch_,
      ProcessWatch::Create(loop, [raw = backend.get()](const std::string& id) {
        raw->OnEnd(id);
      }));
  backend->StartCoherence(loop);
  if (options.alias_dns) backend->StartDns(options.vault);
  SYSBOX_RETURN_IF_ERROR(backend->Adopt(options.registration));
  SYSBOX_RETURN_IF_ERROR(backend->AdoptIntoParts());
  return backend;
}

absl::Status ManagerBackend::Adopt(const RegistrationOptions& options) {
  SYSBOX_ASSIGN_OR_RETURN(service_, RegistrationService::Open(options, this));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> dead, service_->Reconcile());
  for (const std::string& id : dead) {
    Log(LogLevel::kInfo, "released {}: it ended while no manager ran", id);
  }
  if (coherence_) coherence_->StartAll();
  return absl::OkStatus();
}

absl::Status ManagerBackend::AdoptIntoParts() {
  if (parts_.empty() && !dns_) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(
      std::vector<api::ContainerSummary> living,
      service_->List("", std::numeric_limits<size_t>::max()));
  for (const api::ContainerSummary& container : living) {
    for (api::DaemonPart* part : parts_) part->Adopt(container);
    if (dns_ && container.pid != 0) AdoptDns(container);
  }
  return absl::OkStatus();
}

void ManagerBackend::StartCoherence(api::EventLoop* loop) {
  auto coherence = OverlayCoherence::Create(loop);
  if (coherence.ok()) {
    coherence_ = *std::move(coherence);
    return;
  }
  Log(LogLevel::kInfo,
      "`docker cp` may not see names made just before, nor be seen: {}",
      MessageOf(coherence.status()));
}

void ManagerBackend::StartDns(registry::DescriptorVault* vault) {
  auto dns = DnsService::Start(vault);
  if (dns.ok()) {
    dns_ = *std::move(dns);
    return;
  }
  Log(LogLevel::kInfo, "containers inside will not reach Docker's resolver: {}",
      MessageOf(dns.status()));
}

void ManagerBackend::AdoptDns(const api::ContainerSummary& container) {
  absl::StatusOr<Fd> network = NetworkOf(container.id);
  if (network.ok()) dns_->Adopt(container.id, *std::move(network));
}

absl::StatusOr<Fd> ManagerBackend::NetworkOf(const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(const Pidfd init, service_->InitOf(id));
  SYSBOX_ASSIGN_OR_RETURN(Fd network,
                          OpenNamespace(init.pid(), NamespaceType::kNetwork));
  // What was just opened was the same process's, then.
  if (init.Alive()) return network;
  return FailedPrecondition("init of \"{}\" has ended", id);
}

absl::StatusOr<std::string> ManagerBackend::AliasDns(const std::string& id) {
  if (!dns_) return std::string();
  SYSBOX_ASSIGN_OR_RETURN(Fd network, NetworkOf(id));
  SYSBOX_ASSIGN_OR_RETURN(std::string address,
                          dns_->Alias(id, std::move(network)));
  Log(LogLevel::kDebug, "{}: Docker's resolver is {}, too", id, address);
  return address;
}

absl::StatusOr<ManagerBackend::Caller*> ManagerBackend::CallerOf(
    const api::Peer& peer) {
  auto found = callers_.find(peer.connection);
  if (found != callers_.end()) return &found->second;
  if (peer.pid <= 0) {
    return FailedPrecondition("the caller's pid namespace is not ours");
  }
  SYSBOX_ASSIGN_OR_RETURN(ProcessIdentity process, IdentityOf(peer.pid));
  Caller& caller = callers_[peer.connection];
  caller.process = process;
  return &caller;
}

absl::StatusOr<api::Registered> ManagerBackend::RegisterEverywhere(
    const Caller& caller, const api::Registration& registration) {
  SYSBOX_ASSIGN_OR_RETURN(api::Registered registered,
                          service_->Register(caller.process, registration));
  for (api::DaemonPart* part : parts_) {
    const absl::Status status = part->Register(registration, &registered);
    if (status.ok()) continue;
    (void)service_->Unregister(registration.id);  // `status` matters more
    return status;
  }
  return registered;
}

absl::StatusOr<api::Registered> ManagerBackend::Register(
    const api::Peer& peer, api::Registration registration) {
  SYSBOX_ASSIGN_OR_RETURN(Caller * caller, CallerOf(peer));
  const std::string id = registration.id;
  auto registered = RegisterEverywhere(*caller, registration);
  if (!registered.ok()) {
    Log(LogLevel::kWarning, "register {}: {}", id,
        MessageOf(registered.status()));
    return registered;
  }
  caller->pending.insert(id);
  Log(LogLevel::kInfo, "registered {}: uids {}, gids {}{}", id,
      DescribeHostIds(registered->maps.uids),
      DescribeHostIds(registered->maps.gids),
      registered->shares_user_namespace ? ", shared user namespace" : "");
  return registered;
}

absl::Status ManagerBackend::Activate(const api::Peer& peer,
                                      const std::string& id, Pidfd init) {
  SYSBOX_RETURN_IF_ERROR(service_->Activate(id, init));
  for (api::DaemonPart* part : parts_) {
    SYSBOX_RETURN_IF_ERROR(part->Activate(id, init));
  }
  // Its registration may have come by another connection, before a restart.
  absl::StatusOr<Caller*> caller = CallerOf(peer);
  if (caller.ok()) {
    (*caller)->pending.erase(id);
    (*caller)->activated.push_back(id);
  }
  Log(LogLevel::kDebug, "activated {}: process {}", id, init.pid());
  return absl::OkStatus();
}

absl::Status ManagerBackend::Unregister(const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(bool released, service_->Unregister(id));
  if (released) Log(LogLevel::kInfo, "unregistered {}", id);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<api::ContainerSummary>> ManagerBackend::List(
    const std::string& after, size_t limit) {
  return service_->List(after, limit);
}

void ManagerBackend::OnHeld(const LedgerEntry& entry) {
  if (coherence_ && entry.active()) {
    coherence_->Hold(entry.id, entry.rootfs, entry.init);
  }
  const absl::Status watched = watch_->Watch(entry.id, entry.keeper());
  if (watched.ok()) return;
  Log(LogLevel::kWarning, "{}: its end will be noticed late: {}", entry.id,
      MessageOf(watched));
}

void ManagerBackend::OnReleased(const std::string& id) {
  watch_->Unwatch(id);
  if (coherence_) coherence_->Release(id);
  if (dns_) dns_->Release(id);
  for (api::DaemonPart* part : parts_) part->Release(id);
}

void ManagerBackend::OnHangup(const api::Peer& peer) {
  auto node = callers_.extract(peer.connection);
  if (node.empty()) return;
  const Caller& caller = node.mapped();
  // The runtime has gone, so init has its own root by now.
  if (coherence_) {
    for (const std::string& id : caller.activated) coherence_->Start(id);
  }
  for (const std::string& id : caller.pending) {
    absl::StatusOr<bool> released = service_->Abandon(id, caller.process);
    if (!released.ok()) {
      Log(LogLevel::kError, "release {}: {}", id, MessageOf(released.status()));
    } else if (*released) {
      Log(LogLevel::kInfo, "released {}: process {} gave up before its start",
          id, caller.process.pid);
    }
  }
}

void ManagerBackend::OnEnd(const std::string& id) {
  absl::StatusOr<bool> released = service_->ReleaseIfDead(id);
  if (!released.ok()) {
    Log(LogLevel::kError, "release {}: {}", id, MessageOf(released.status()));
  } else if (*released) {
    Log(LogLevel::kInfo, "released {}: it has ended", id);
  }
}

}  // namespace sysbox::mgr
