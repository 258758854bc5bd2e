// The daemon's answers to containers' trapped system calls: listeners by
// container, kept in the vault so that a successor goes on answering; numbers
// from the container's own view.
#ifndef SYSBOX_FSD_INTERCEPTION_H_
#define SYSBOX_FSD_INTERCEPTION_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/api/event_loop.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/linux/fd.h"
#include "sysbox/registry/container_registry.h"
#include "sysbox/registry/descriptor_vault.h"
#include "sysbox/trap/dispatcher.h"
#include "sysbox/trap/in_flight_journal.h"

namespace sysbox::fsd {

class ViewedHost;

// Calls come from the loop's thread.
class Interception {
 public:
  // `vault` may be null: then nothing outlives us.
  static absl::StatusOr<std::unique_ptr<Interception>> Start(
      registry::DescriptorVault* vault,
      const std::vector<std::string>& allowed_mounts);
  ~Interception();
  // Where the vault hears of listeners that are gone.
  absl::Status Watch(api::EventLoop* loop);

  // Answers what `listener` traps until no process has its filter any more.
  // The container is active. `view` may be null: numbers are the host's then.
  absl::Status Serve(const registry::Container& container,
                     std::shared_ptr<emu::ContainerView> view, Fd listener);
  // Goes on with what the vault kept of the container's listeners.
  void Resume(const registry::Container& container,
              std::shared_ptr<emu::ContainerView> view);
  // It has ended: what it held for its numbers goes.
  void Drop(const std::string& id);

 private:
  // Names of listeners that are gone, for the loop's thread.
  struct Departed {
    Fd event;
    absl::Mutex mu;
    std::vector<std::string> names ABSL_GUARDED_BY(mu);
  };
  Interception(registry::DescriptorVault* vault,
               std::shared_ptr<ViewedHost> host,
               std::shared_ptr<Departed> departed);
  absl::Status Add(const registry::Container& container, int number,
                   Fd listener);
  void ForgetDeparted();

  registry::DescriptorVault* vault_;
  std::shared_ptr<ViewedHost> host_;
  std::shared_ptr<Departed> departed_;
  absl::flat_hash_map<std::string, std::set<int>> numbers_;  // by ShortId
  std::shared_ptr<trap::InFlightJournal> journal_;
  std::unique_ptr<trap::Dispatcher> dispatcher_;  // the first to go
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_INTERCEPTION_H_
