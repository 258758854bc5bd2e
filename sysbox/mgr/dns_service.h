// --alias-dns: lets containers inside a container reach the resolver that
// Docker gives it on networks of the user's (dns_relay.h). Has a thread of its
// own; its other functions belong to the daemon's.
#ifndef SYSBOX_MGR_DNS_SERVICE_H_
#define SYSBOX_MGR_DNS_SERVICE_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/linux/fd.h"
#include "sysbox/mgr/dns_relay.h"
#include "sysbox/registry/descriptor_vault.h"

namespace sysbox::mgr {

class DnsService {
 public:
  // An error if this kernel cannot. `vault` may be null, and outlives this.
  static absl::StatusOr<std::unique_ptr<DnsService>> Start(
      registry::DescriptorVault* vault);
  ~DnsService();

  // The address that leads to 127.0.0.11's resolver in `network_namespace`,
  // from now until all containers that asked are released. Asked by the
  // runtime before it lets a container begin that has such a resolver. ""
  // if the namespace is not a container's of ours.
  absl::StatusOr<std::string> Alias(const std::string& id,
                                    Fd network_namespace);
  // Goes on where the last worker's, or daemon's, left off, if it had an alias.
  void Adopt(const std::string& id, Fd network_namespace);
  void Release(const std::string& id);

 private:
  using Job = std::function<void()>;
  explicit DnsService(registry::DescriptorVault* vault) : vault_(vault) {}
  absl::Status Open();
  void Post(Job job) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Do(std::function<absl::Status()> job);
  void RunJobs() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Relay(const std::string& name, Fd network_namespace,
                     DnsSockets sockets);
  // In effect when it returns.
  absl::Status Make(const std::string& name, Fd network_namespace);
  absl::StatusOr<DnsSockets> Take(const std::string& name);
  void Hold(const std::string& name, const DnsSockets& sockets);
  void Drop(const std::string& name);

  registry::DescriptorVault* vault_;
  Fd home_;
  std::unique_ptr<api::EventLoop> loop_;
  Fd wake_;
  std::thread thread_;
  absl::Mutex mu_;
  std::vector<Job> jobs_ ABSL_GUARDED_BY(mu_);
  // The daemon's thread: by the namespace's name.
  std::map<std::string, std::set<std::string>> users_;
  // Our own thread.
  std::map<std::string, std::unique_ptr<DnsRelay>> relays_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_DNS_SERVICE_H_
