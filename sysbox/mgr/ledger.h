// The containers and the ids they hold: what the journal's records add up to.
// A value; knows no file and asks the kernel nothing.
#ifndef SYSBOX_MGR_LEDGER_H_
#define SYSBOX_MGR_LEDGER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/ids/subid_pool.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mgr/id_holdings.h"
#include "sysbox/mgr/journal_record.h"
#include "sysbox/mgr/process_identity.h"

namespace sysbox::mgr {

struct LedgerEntry {
  std::string id;
  std::string bundle;
  std::string rootfs;
  IdSource source = IdSource::kExclusive;
  IdMaps maps;
  ProcessIdentity owner;  // who registered it
  ProcessIdentity init;   // pid 0 until activated
  NamespaceId user_namespace;
  std::vector<DataRootUse> data_roots;

  bool active() const { return init.pid != 0; }
  // The process whose life keeps this entry.
  const ProcessIdentity& keeper() const { return active() ? init : owner; }
};

class Ledger {
 public:
  explicit Ledger(const SubidRanges& pool) : pool_(pool), holdings_(pool) {}

  // One record's effect. InvalidArgument, and no effect, if it contradicts
  // what is there.
  absl::Status Apply(const Record& record);
  void Clear();

  const LedgerEntry* Find(const std::string& id) const;
  // Any entry whose init is in that user namespace.
  const LedgerEntry* FindByUserNamespace(const NamespaceId& ns) const;
  // Any entry that holds exactly `maps`.
  const LedgerEntry* FindHolder(const IdMaps& maps) const;
  const std::map<std::string, LedgerEntry>& entries() const { return entries_; }
  const IdHoldings& holdings() const { return *holdings_; }

  // Records that make this ledger out of an empty one.
  std::vector<Record> ToRecords() const;

 private:
  absl::Status ApplyRegister(const Record& record);
  absl::Status ApplyActivate(const Record& record);
  absl::Status ApplyRelease(const Record& record);

  SubidRanges pool_;
  std::optional<IdHoldings> holdings_;
  std::map<std::string, LedgerEntry> entries_;
};

Record RegisterRecord(const LedgerEntry& entry);
Record ActivateRecord(const LedgerEntry& entry);
Record ReleaseRecord(const std::string& id);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_LEDGER_H_
