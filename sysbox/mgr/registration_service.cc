#include "sysbox/mgr/registration_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox::mgr {
namespace {

constexpr size_t kMaxIdSize = 1024;
constexpr size_t kMaxPathSize = 4096;

bool IsIdCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '+' || c == '-' || c == '.';
}

absl::StatusOr<IdRequest> ToIdRequest(const api::Registration& registration) {
  const std::string& id = registration.id;
  if (id.empty() || id.size() > kMaxIdSize ||
      !std::all_of(id.begin(), id.end(), IsIdCharacter)) {
    return InvalidArgument(
        "container id \"{}\": must be 1 to {} of A-Za-z0-9"
        "_+-.",
        std::string_view(id).substr(0, 64), kMaxIdSize);
  }
  if (registration.bundle.size() > kMaxPathSize ||
      registration.rootfs.size() > kMaxPathSize) {
    return InvalidArgument("bundle or rootfs: longer than {}", kMaxPathSize);
  }
  SYSBOX_RETURN_IF_ERROR(CheckHostDataRoots(registration.host_data_roots));
  IdRequest request = {.maps = registration.requested_maps,
                       .user_namespace = {},
                       .range_size = registration.range_size};
  if (request.maps) {
    SYSBOX_RETURN_IF_ERROR(
        ValidateIdMap(request.maps->uids, "linux.uidMappings"));
    SYSBOX_RETURN_IF_ERROR(
        ValidateIdMap(request.maps->gids, "linux.gidMappings"));
  }
  if (registration.shared_user_namespace.valid()) {
    SYSBOX_ASSIGN_OR_RETURN(request.user_namespace,
                            IdOf(registration.shared_user_namespace));
  }
  return request;
}

// Fails if the descriptor is another process's than `init.pid()`, or none's.
absl::Status CheckPidfd(const Pidfd& init) {
  SYSBOX_ASSIGN_OR_RETURN(
      std::string info,
      ReadFile(fmt::format("/proc/self/fdinfo/{}", init.fd().get()), 4096));
  if (info.find(fmt::format("\nPid:\t{}\n", init.pid())) == info.npos) {
    return InvalidArgument("descriptor is no pidfd of process {}", init.pid());
  }
  return absl::OkStatus();
}

// Nothing for a process in our own user namespace: nobody may share that.
absl::StatusOr<NamespaceId> UserNamespaceOf(pid_t pid) {
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, IdOf(pid, NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(Fd own, OpenOwnNamespace(NamespaceType::kUser));
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId own_id, IdOf(own));
  return id == own_id ? NamespaceId{} : id;
}

absl::StatusOr<std::string> BootId() {
  SYSBOX_ASSIGN_OR_RETURN(std::string text,
                          ReadFile("/proc/sys/kernel/random/boot_id", 256));
  return text.substr(0, text.find('\n'));
}

api::ContainerSummary Summarise(const LedgerEntry& entry) {
  return {.id = entry.id,
          .bundle = entry.bundle,
          .rootfs = entry.rootfs,
          .pid = entry.init.pid,
          .maps = entry.maps};
}

}  // namespace

RegistrationService::RegistrationService(RegistrationOptions options,
                                         const SubidRanges& ranges,
                                         std::string boot_id,
                                         Observer* observer)
    : options_(std::move(options)),
      observer_(observer),
      journal_(options_.data_root, std::move(boot_id)),
      ledger_(ranges) {}

absl::StatusOr<std::unique_ptr<RegistrationService>> RegistrationService::Open(
    RegistrationOptions options, Observer* observer) {
  SYSBOX_ASSIGN_OR_RETURN(
      SubidRanges ranges,
      EnsureSubids(kSubidOwner, kSubidPoolSize, options.subids));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(options.data_root, 0710));
  SYSBOX_ASSIGN_OR_RETURN(std::string boot_id, BootId());
  std::unique_ptr<RegistrationService> service(new RegistrationService(
      std::move(options), ranges, std::move(boot_id), observer));
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, service->Begin());
  return service;
}

absl::StatusOr<Fd> RegistrationService::Begin() {
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, journal_.Lock());
  SYSBOX_ASSIGN_OR_RETURN(Journal::News news, journal_.CatchUp());
  if (news.restarted) {
    SYSBOX_RETURN_IF_ERROR(Reload(news));
    return lock;
  }
  for (const Record& record : news.records) {
    if (ledger_.Apply(record).ok()) {
      Notify(record);
    } else {
      ++news.damaged;
    }
  }
  if (news.damaged > 0) {
    Log(LogLevel::kWarning, "journal: dropped {} damaged records",
        news.damaged);
    SYSBOX_RETURN_IF_ERROR(journal_.Rewrite(ledger_.ToRecords()));
  }
  return lock;
}

// The whole file anew: the observer hears only what is left in the end.
absl::Status RegistrationService::Reload(const Journal::News& news) {
  std::vector<std::string> before;
  for (const auto& [id, entry] : ledger_.entries()) before.push_back(id);
  ledger_.Clear();
  int damaged = news.damaged;
  for (const Record& record : news.records) {
    if (!ledger_.Apply(record).ok()) ++damaged;
  }
  if (observer_ != nullptr) {
    for (const std::string& id : before) observer_->OnReleased(id);
    for (const auto& [id, entry] : ledger_.entries()) observer_->OnHeld(entry);
  }
  if (damaged == 0) return absl::OkStatus();
  Log(LogLevel::kWarning, "journal: dropped {} damaged records", damaged);
  return journal_.Rewrite(ledger_.ToRecords());
}

absl::Status RegistrationService::Commit(const Record& record) {
  SYSBOX_RETURN_IF_ERROR(journal_.Append(record));
  SYSBOX_RETURN_IF_ERROR(ledger_.Apply(record));
  Notify(record);
  return absl::OkStatus();
}

void RegistrationService::Notify(const Record& record) {
  if (observer_ == nullptr || record.kind == RecordKind::kBoot) return;
  if (record.kind == RecordKind::kRelease) {
    observer_->OnReleased(record.id);
  } else {
    observer_->OnHeld(*ledger_.Find(record.id));
  }
}

// Asks after each process: tens of milliseconds for thousands of them. An
// observer learns of deaths by itself, so that it pays only when it must.
absl::StatusOr<std::vector<std::string>> RegistrationService::ReleaseDead() {
  std::vector<std::string> dead;
  for (const auto& [id, entry] : ledger_.entries()) {
    if (!IsAlive(entry.keeper())) dead.push_back(id);
  }
  for (const std::string& id : dead) {
    SYSBOX_RETURN_IF_ERROR(Commit(ReleaseRecord(id)));
  }
  return dead;
}

absl::Status RegistrationService::CompactIfNeeded() {
  if (!journal_.NeedsRewrite()) return absl::OkStatus();
  if (observer_ == nullptr) SYSBOX_RETURN_IF_ERROR(ReleaseDead());
  return journal_.Rewrite(ledger_.ToRecords());
}

absl::Status RegistrationService::MakeRoomFor(const std::string& id,
                                              const ProcessIdentity& owner) {
  const LedgerEntry* entry = ledger_.Find(id);
  if (entry == nullptr) return absl::OkStatus();
  const bool starts_over = !entry->active() && entry->owner == owner;
  if (!starts_over && IsAlive(entry->keeper())) {
    return absl::AlreadyExistsError(
        fmt::format("container \"{}\" is registered already ({} {})", id,
                    entry->active() ? "its init is process" : "by process",
                    entry->keeper().pid));
  }
  return Commit(ReleaseRecord(id));
}

// The dead hold nothing: whoever stops one container and starts the next need
// not wait until we have heard of it.
absl::Status RegistrationService::CheckSharing(
    const api::Registration& registration) {
  if (options_.shared_data_root == SharedDataRoot::kAllow) {
    return absl::OkStatus();
  }
  while (const auto conflict = FindDataRootConflict(
             registration.id, registration.host_data_roots, ledger_)) {
    if (!IsAlive(ledger_.Find(conflict->holder)->keeper())) {
      SYSBOX_RETURN_IF_ERROR(Commit(ReleaseRecord(conflict->holder)));
      continue;
    }
    if (options_.shared_data_root == SharedDataRoot::kWarn) {
      Log(LogLevel::kWarning, "{}: {}", registration.id, conflict->text);
      break;
    }
    return FailedPrecondition(
        "{}: stop that one first, or have the daemon allow it with "
        "--shared-data-root=warn",
        conflict->text);
  }
  return absl::OkStatus();
}

absl::StatusOr<IdAssignment> RegistrationService::Assign(
    const IdRequest& request) {
  auto assignment = AssignIds(request, options_.id_mode, ledger_);
  if (!absl::IsResourceExhausted(assignment.status()) &&
      !absl::IsAlreadyExists(assignment.status())) {
    return assignment;
  }
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> dead, ReleaseDead());
  if (dead.empty()) return assignment;
  return AssignIds(request, options_.id_mode, ledger_);
}

absl::StatusOr<api::Registered> RegistrationService::Register(
    const ProcessIdentity& owner, const api::Registration& registration) {
  SYSBOX_ASSIGN_OR_RETURN(IdRequest request, ToIdRequest(registration));
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, Begin());
  SYSBOX_RETURN_IF_ERROR(MakeRoomFor(registration.id, owner));
  SYSBOX_RETURN_IF_ERROR(CheckSharing(registration));
  SYSBOX_ASSIGN_OR_RETURN(IdAssignment assignment, Assign(request));
  LedgerEntry entry;
  entry.id = registration.id;
  entry.bundle = registration.bundle;
  entry.rootfs = registration.rootfs;
  entry.source = assignment.source;
  entry.maps = assignment.maps;
  entry.owner = owner;
  entry.data_roots = UsesOf(registration.host_data_roots);
  SYSBOX_RETURN_IF_ERROR(Commit(RegisterRecord(entry)));
  SYSBOX_RETURN_IF_ERROR(CompactIfNeeded());
  return api::Registered{
      .maps = std::move(assignment.maps),
      .shares_user_namespace = assignment.source == IdSource::kJoined,
      .policy = options_.policy};
}

absl::Status RegistrationService::Activate(const std::string& id,
                                           const Pidfd& init) {
  SYSBOX_RETURN_IF_ERROR(CheckPidfd(init));
  SYSBOX_ASSIGN_OR_RETURN(ProcessIdentity identity, IdentityOf(init.pid()));
  SYSBOX_ASSIGN_OR_RETURN(NamespaceId ns, UserNamespaceOf(init.pid()));
  // What was just read was the same process's, then.
  if (!init.Alive()) {
    return FailedPrecondition("init of \"{}\" (process {}) has ended", id,
                              init.pid());
  }
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, Begin());
  const LedgerEntry* entry = ledger_.Find(id);
  if (entry == nullptr) {
    return NotFound("container \"{}\" is not registered", id);
  }
  if (entry->active()) {
    if (entry->init == identity) return absl::OkStatus();
    return FailedPrecondition(
        "container \"{}\" has an init already: process {}", id,
        entry->init.pid);
  }
  LedgerEntry active = *entry;
  active.init = identity;
  active.user_namespace = ns;
  return Commit(ActivateRecord(active));
}

absl::StatusOr<Pidfd> RegistrationService::InitOf(const std::string& id) {
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, Begin());
  const LedgerEntry* entry = ledger_.Find(id);
  if (entry != nullptr && entry->active()) {
    SYSBOX_ASSIGN_OR_RETURN(std::optional<Pidfd> init, Pin(entry->init));
    if (init.has_value()) return *std::move(init);
  }
  return FailedPrecondition("container \"{}\" is not running", id);
}

template <typename Condition>
absl::StatusOr<bool> RegistrationService::ReleaseIf(const std::string& id,
                                                    Condition condition) {
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, Begin());
  const LedgerEntry* entry = ledger_.Find(id);
  if (entry == nullptr || !condition(*entry)) return false;
  SYSBOX_RETURN_IF_ERROR(Commit(ReleaseRecord(id)));
  SYSBOX_RETURN_IF_ERROR(CompactIfNeeded());
  return true;
}

absl::StatusOr<bool> RegistrationService::Unregister(const std::string& id) {
  return ReleaseIf(id, [](const LedgerEntry&) { return true; });
}

absl::StatusOr<bool> RegistrationService::Abandon(
    const std::string& id, const ProcessIdentity& owner) {
  return ReleaseIf(id, [&](const LedgerEntry& entry) {
    return !entry.active() && entry.owner == owner;
  });
}

absl::StatusOr<bool> RegistrationService::ReleaseIfDead(const std::string& id) {
  return ReleaseIf(
      id, [](const LedgerEntry& entry) { return !IsAlive(entry.keeper()); });
}

absl::StatusOr<std::vector<api::ContainerSummary>> RegistrationService::List(
    const std::string& after, size_t limit) {
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, Begin());
  if (observer_ == nullptr) SYSBOX_RETURN_IF_ERROR(ReleaseDead());
  std::vector<api::ContainerSummary> summaries;
  for (auto it = ledger_.entries().upper_bound(after);
       it != ledger_.entries().end() && summaries.size() < limit; ++it) {
    summaries.push_back(Summarise(it->second));
  }
  return summaries;
}

absl::StatusOr<std::vector<std::string>> RegistrationService::Reconcile() {
  SYSBOX_ASSIGN_OR_RETURN(Fd lock, Begin());
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> dead, ReleaseDead());
  SYSBOX_RETURN_IF_ERROR(journal_.Rewrite(ledger_.ToRecords()));
  return dead;
}

}  // namespace sysbox::mgr
