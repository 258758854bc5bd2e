#include "sysbox/mgr/dns_service.h"

#include <sys/epoll.h>

#include <csignal>
#include <utility>

#include "absl/synchronization/notification.h"
#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/socket_steering.h"

namespace sysbox::mgr {
namespace {

// The parts of DnsSockets in the vault: "dns.INODE.udp". An inode's number is
// not used again while our sockets keep the namespace.
struct Part {
  std::string_view suffix;
  Fd DnsSockets::*socket;
};
constexpr Part kParts[] = {{".udp", &DnsSockets::udp},
                           {".tcp", &DnsSockets::tcp},
                           {".steering", &DnsSockets::steering}};

absl::StatusOr<std::string> NameOf(FdRef network_namespace) {
  SYSBOX_ASSIGN_OR_RETURN(const NamespaceId id, IdOf(network_namespace));
  return fmt::format("dns.{}", id.inode);
}

}  // namespace

absl::StatusOr<std::unique_ptr<DnsService>> DnsService::Start(
    registry::DescriptorVault* vault) {
  SYSBOX_RETURN_IF_ERROR(ProbeSocketSteering());
  std::unique_ptr<DnsService> service(new DnsService(vault));
  SYSBOX_RETURN_IF_ERROR(service->Open());
  return service;
}

absl::Status DnsService::Open() {
  SYSBOX_ASSIGN_OR_RETURN(home_, OpenOwnNamespace(NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(loop_, api::EventLoop::Create());
  SYSBOX_ASSIGN_OR_RETURN(wake_, MakeEventFd());
  SYSBOX_RETURN_IF_ERROR(
      loop_->Watch(wake_, EPOLLIN, [this](uint32_t) { RunJobs(); }).status());
  // Signals are the daemon's thread's to take: it blocks them and reads them,
  // and a thread that did not would die of them, and the process with it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    const absl::Status ended = loop_->Run();
    if (!ended.ok()) Log(LogLevel::kError, "dns: {}", MessageOf(ended));
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return absl::OkStatus();
}

DnsService::~DnsService() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

void DnsService::Post(Job job) {
  {
    absl::MutexLock lock(&mu_);
    jobs_.push_back(std::move(job));
  }
  (void)SignalEventFd(wake_);  // cannot fail: it is ours
}

void DnsService::RunJobs() {
  (void)DrainEventFd(wake_);  // EAGAIN: the jobs were done already
  std::vector<Job> jobs;
  {
    absl::MutexLock lock(&mu_);
    jobs.swap(jobs_);
  }
  for (Job& job : jobs) job();
}

absl::Status DnsService::Do(std::function<absl::Status()> job) {
  absl::Status result;
  absl::Notification done;
  Post([&] {
    result = job();
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

// On our own thread, as all that changes namespaces.
absl::Status DnsService::Relay(const std::string& name, Fd network_namespace,
                               DnsSockets sockets) {
  SYSBOX_ASSIGN_OR_RETURN(
      std::unique_ptr<DnsRelay> relay,
      DnsRelay::Start(loop_.get(), std::move(network_namespace),
                      std::move(sockets), home_));
  relays_[name] = std::move(relay);
  return absl::OkStatus();
}

void DnsService::Hold(const std::string& name, const DnsSockets& sockets) {
  if (vault_ == nullptr) return;
  for (const Part& part : kParts) {
    const absl::Status held =
        vault_->Hold(name + std::string(part.suffix), sockets.*part.socket);
    if (!held.ok()) Log(LogLevel::kWarning, "{}: {}", name, MessageOf(held));
  }
}

void DnsService::Drop(const std::string& name) {
  if (vault_ == nullptr) return;
  for (const Part& part : kParts) vault_->Drop(name + std::string(part.suffix));
}

// On our own thread.
absl::Status DnsService::Make(const std::string& name, Fd network_namespace) {
  auto sockets = MakeDnsSockets(network_namespace);
  (void)EnterNamespace(home_, NamespaceType::kNetwork);
  SYSBOX_RETURN_IF_ERROR(sockets);
  Hold(name, *sockets);
  const absl::Status relayed =
      Relay(name, std::move(network_namespace), *std::move(sockets));
  if (!relayed.ok()) Drop(name);
  return relayed;
}

absl::StatusOr<std::string> DnsService::Alias(const std::string& id,
                                              Fd network_namespace) {
  // The host's own, and those of containers that are not ours, are left alone.
  SYSBOX_ASSIGN_OR_RETURN(const bool foreign, IsOwnedByUs(network_namespace));
  if (foreign) return std::string();
  SYSBOX_ASSIGN_OR_RETURN(const std::string name, NameOf(network_namespace));
  if (!users_.contains(name)) {
    SYSBOX_RETURN_IF_ERROR(
        Do([&] { return Make(name, std::move(network_namespace)); }));
  }
  users_[name].insert(id);
  return std::string(kDnsAliasText);
}

absl::StatusOr<DnsSockets> DnsService::Take(const std::string& name) {
  DnsSockets sockets;
  for (const Part& part : kParts) {
    if (vault_ == nullptr) return NotFound("{}", name);
    SYSBOX_ASSIGN_OR_RETURN(sockets.*part.socket,
                            vault_->Take(name + std::string(part.suffix)));
  }
  return sockets;
}

// A predecessor that was stopped, or had no keeper, leaves the address alone.
void DnsService::Adopt(const std::string& id, Fd network_namespace) {
  const absl::StatusOr<bool> foreign = IsOwnedByUs(network_namespace);
  const absl::StatusOr<std::string> name = NameOf(network_namespace);
  if (!name.ok() || !foreign.ok() || *foreign) return;
  if (!users_.contains(*name)) {
    absl::StatusOr<DnsSockets> held = Take(*name);
    bool had_one = held.ok();
    const absl::Status relayed = Do([&]() -> absl::Status {
      if (held.ok()) {
        return Relay(*name, std::move(network_namespace), *std::move(held));
      }
      had_one = FindDnsAlias(network_namespace).ok();
      if (had_one) return Make(*name, std::move(network_namespace));
      return EnterNamespace(home_, NamespaceType::kNetwork);
    });
    if (!had_one) return;
    if (!relayed.ok()) {
      return Log(LogLevel::kWarning, "{}: {}", id, MessageOf(relayed));
    }
  }
  users_[*name].insert(id);
}

void DnsService::Release(const std::string& id) {
  for (auto& [name, ids] : users_) {
    if (ids.erase(id) == 0 || !ids.empty()) continue;
    Drop(name);
    Post([this, name = name] { relays_.erase(name); });
  }
  std::erase_if(users_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace sysbox::mgr
