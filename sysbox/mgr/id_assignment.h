// Decides which ids a new container gets. Pure: looks at the ledger, changes
// nothing.
#ifndef SYSBOX_MGR_ID_ASSIGNMENT_H_
#define SYSBOX_MGR_ID_ASSIGNMENT_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mgr/journal_record.h"
#include "sysbox/mgr/ledger.h"

namespace sysbox::mgr {

// --id-mode: a range for each container, or one for all of them.
enum class IdMode { kExclusive, kShared };
// "exclusive", "shared"; nullopt otherwise.
std::optional<IdMode> ParseIdMode(std::string_view text);
std::string_view Name(IdMode mode);

struct IdRequest {
  std::optional<IdMaps> maps;                 // of config.json; valid
  std::optional<NamespaceId> user_namespace;  // to be joined
  uint32_t range_size = 65536;
};

struct IdAssignment {
  IdMaps maps;
  IdSource source = IdSource::kExclusive;
};

// NotFound: no container of ours has that user namespace. AlreadyExists: the
// requested ids are partly another's. ResourceExhausted: the pool is empty.
// The last two may be otherwise once the dead are released.
absl::StatusOr<IdAssignment> AssignIds(const IdRequest& request, IdMode mode,
                                       const Ledger& ledger);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_ID_ASSIGNMENT_H_
