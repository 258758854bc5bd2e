// Registers containers, assigns their ids, and keeps the account of both in
// the data root's journal, together with every other manager that uses it.
//
// A container is registered (ids reserved; lives as long as the process that
// asked), then activated (lives as long as its init), then released:
// explicitly, or because that process is gone. Each operation locks the
// journal, catches up on others' records, acts, appends, unlocks.
#ifndef SYSBOX_MGR_REGISTRATION_SERVICE_H_
#define SYSBOX_MGR_REGISTRATION_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/ids/subid_entry.h"
#include "sysbox/linux/process.h"
#include "sysbox/mgr/id_assignment.h"
#include "sysbox/mgr/journal.h"
#include "sysbox/mgr/ledger.h"
#include "sysbox/mgr/process_identity.h"
#include "sysbox/mgr/shared_data_root.h"

namespace sysbox::mgr {

struct RegistrationOptions {
  std::string data_root = "/var/lib/sysbox";  // made (0710) if missing
  SubidPaths subids;
  IdMode id_mode = IdMode::kExclusive;
  api::Policy policy;  // answered to every registration
  SharedDataRoot shared_data_root = SharedDataRoot::kError;
};

class RegistrationService {
 public:
  // Told what changed, whoever changed it, while the journal is locked: must
  // not call back.
  class Observer {
   public:
    virtual ~Observer() = default;
    // Registered or activated; `entry.keeper()` may be another than before.
    virtual void OnHeld(const LedgerEntry& entry) = 0;
    virtual void OnReleased(const std::string& id) = 0;
  };

  // Makes the subid entries and the data root if they are missing. `observer`
  // may be null, and is told of what is there already.
  static absl::StatusOr<std::unique_ptr<RegistrationService>> Open(
      RegistrationOptions options, Observer* observer);

  // AlreadyExists if `registration.id` lives, unless it is `owner`'s own and
  // not active yet: then it starts over. FailedPrecondition if a living
  // container has one of its data roots, unless they may be shared.
  absl::StatusOr<api::Registered> Register(
      const ProcessIdentity& owner, const api::Registration& registration);
  absl::Status Activate(const std::string& id, const Pidfd& init);
  // Its init; FailedPrecondition if it has none that lives.
  absl::StatusOr<Pidfd> InitOf(const std::string& id);
  // True if there was something to release.
  absl::StatusOr<bool> Unregister(const std::string& id);
  // Releases what `owner` registered as `id` and nobody activated.
  absl::StatusOr<bool> Abandon(const std::string& id,
                               const ProcessIdentity& owner);
  absl::StatusOr<bool> ReleaseIfDead(const std::string& id);
  // The living, sorted by id, from the first one after `after`.
  absl::StatusOr<std::vector<api::ContainerSummary>> List(
      const std::string& after, size_t limit);
  // Releases all that are dead and rewrites the journal. Returns their ids.
  absl::StatusOr<std::vector<std::string>> Reconcile();

  const SubidPool& pool() const { return ledger_.holdings().pool(); }
  const RegistrationOptions& options() const { return options_; }
  // What registrations to come are told and allowed; the rest of `options`
  // cannot change.
  void Reconfigure(const RegistrationOptions& options) {
    options_.policy = options.policy;
    options_.shared_data_root = options.shared_data_root;
  }
  // As of the last operation.
  size_t container_count() const { return ledger_.entries().size(); }

 private:
  RegistrationService(RegistrationOptions options, const SubidRanges& ranges,
                      std::string boot_id, Observer* observer);

  absl::StatusOr<Fd> Begin();  // lock and catch up
  absl::Status Reload(const Journal::News& news);
  absl::Status Commit(const Record& record);
  void Notify(const Record& record);
  absl::StatusOr<std::vector<std::string>> ReleaseDead();
  absl::Status CompactIfNeeded();
  absl::Status MakeRoomFor(const std::string& id, const ProcessIdentity& owner);
  absl::Status CheckSharing(const api::Registration& registration);
  absl::StatusOr<IdAssignment> Assign(const IdRequest& request);
  template <typename Condition>
  absl::StatusOr<bool> ReleaseIf(const std::string& id, Condition condition);

  RegistrationOptions options_;
  Observer* observer_;
  Journal journal_;
  Ledger ledger_;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_REGISTRATION_SERVICE_H_
