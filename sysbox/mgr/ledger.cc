#include "sysbox/mgr/ledger.h"

#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/ids/id_map_text.h"

namespace sysbox::mgr {

absl::Status Ledger::Apply(const Record& record) {
  switch (record.kind) {
    case RecordKind::kBoot:
      return absl::OkStatus();
    case RecordKind::kRegister:
      return ApplyRegister(record);
    case RecordKind::kActivate:
      return ApplyActivate(record);
    case RecordKind::kRelease:
      return ApplyRelease(record);
  }
  return InvalidArgument("unknown kind of record");
}

absl::Status Ledger::ApplyRegister(const Record& record) {
  if (record.id.empty() || entries_.contains(record.id)) {
    return InvalidArgument("register \"{}\": registered already", record.id);
  }
  LedgerEntry entry;
  entry.id = record.id;
  entry.bundle = record.bundle;
  entry.rootfs = record.rootfs;
  entry.source = record.source;
  entry.owner = {record.pid, record.start};
  entry.data_roots = record.data_roots;
  SYSBOX_ASSIGN_OR_RETURN(entry.maps.uids, ParseIdMap(record.uids));
  SYSBOX_ASSIGN_OR_RETURN(entry.maps.gids, ParseIdMap(record.gids));
  SYSBOX_RETURN_IF_ERROR(ValidateIdMap(entry.maps.uids, "uids"));
  SYSBOX_RETURN_IF_ERROR(ValidateIdMap(entry.maps.gids, "gids"));
  if (holdings_->FindOverlap(entry.maps)) {
    return InvalidArgument("register \"{}\": its ids are in use", record.id);
  }
  holdings_->Hold(entry.maps, entry.source);
  entries_.emplace(record.id, std::move(entry));
  return absl::OkStatus();
}

absl::Status Ledger::ApplyActivate(const Record& record) {
  auto found = entries_.find(record.id);
  if (found == entries_.end() || found->second.active() || record.pid <= 0) {
    return InvalidArgument("activate \"{}\": not waiting for it", record.id);
  }
  found->second.init = {record.pid, record.start};
  found->second.user_namespace = {record.user_namespace_device,
                                  record.user_namespace_inode};
  return absl::OkStatus();
}

absl::Status Ledger::ApplyRelease(const Record& record) {
  auto found = entries_.find(record.id);
  if (found == entries_.end()) {
    return InvalidArgument("release \"{}\": not registered", record.id);
  }
  holdings_->Drop(found->second.maps);
  entries_.erase(found);
  return absl::OkStatus();
}

void Ledger::Clear() {
  entries_.clear();
  holdings_.emplace(pool_);
}

const LedgerEntry* Ledger::Find(const std::string& id) const {
  auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const LedgerEntry* Ledger::FindByUserNamespace(const NamespaceId& ns) const {
  for (const auto& [id, entry] : entries_) {
    if (entry.active() && entry.user_namespace == ns && ns.inode != 0) {
      return &entry;
    }
  }
  return nullptr;
}

const LedgerEntry* Ledger::FindHolder(const IdMaps& maps) const {
  for (const auto& [id, entry] : entries_) {
    if (entry.maps == maps) return &entry;
  }
  return nullptr;
}

std::vector<Record> Ledger::ToRecords() const {
  std::vector<Record> records;
  for (const auto& [id, entry] : entries_) {
    records.push_back(RegisterRecord(entry));
    if (entry.active()) records.push_back(ActivateRecord(entry));
  }
  return records;
}

Record RegisterRecord(const LedgerEntry& entry) {
  Record record;
  record.kind = RecordKind::kRegister;
  record.id = entry.id;
  record.bundle = entry.bundle;
  record.rootfs = entry.rootfs;
  record.source = entry.source;
  record.uids = FormatIdMap(entry.maps.uids);
  record.gids = FormatIdMap(entry.maps.gids);
  record.pid = entry.owner.pid;
  record.start = entry.owner.start_ticks;
  record.data_roots = entry.data_roots;
  return record;
}

Record ActivateRecord(const LedgerEntry& entry) {
  Record record;
  record.kind = RecordKind::kActivate;
  record.id = entry.id;
  record.pid = entry.init.pid;
  record.start = entry.init.start_ticks;
  record.user_namespace_device = entry.user_namespace.device;
  record.user_namespace_inode = entry.user_namespace.inode;
  return record;
}

Record ReleaseRecord(const std::string& id) {
  Record record;
  record.kind = RecordKind::kRelease;
  record.id = id;
  return record;
}

}  // namespace sysbox::mgr
