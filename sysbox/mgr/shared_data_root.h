// --shared-data-root: what becomes of a container that wants a directory of
// the host's as the data root of an engine inside, while a running container
// has it as one already. Engines destroy what they share. Pure.
#ifndef SYSBOX_MGR_SHARED_DATA_ROOT_H_
#define SYSBOX_MGR_SHARED_DATA_ROOT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sysbox/api/manager.h"
#include "sysbox/mgr/ledger.h"

namespace sysbox::mgr {

enum class SharedDataRoot { kError, kWarn, kAllow };
// "error", "warn", "allow"; nullopt otherwise.
std::optional<SharedDataRoot> ParseSharedDataRoot(std::string_view text);

// InvalidArgument if they are too many or too long for the journal.
absl::Status CheckHostDataRoots(const std::vector<api::HostDataRoot>& wanted);
// What of them the journal keeps.
std::vector<DataRootUse> UsesOf(const std::vector<api::HostDataRoot>& wanted);

// One of `wanted` that another container than `id` has.
struct DataRootConflict {
  std::string holder;  // its id
  std::string text;    // names the directory and the container
};
std::optional<DataRootConflict> FindDataRootConflict(
    const std::string& id, const std::vector<api::HostDataRoot>& wanted,
    const Ledger& ledger);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_SHARED_DATA_ROOT_H_
