#include "sysbox/mgr/shared_data_root.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"

namespace sysbox::mgr {
namespace {

constexpr std::pair<SharedDataRoot, std::string_view> kNames[] = {
    {SharedDataRoot::kError, "error"},
    {SharedDataRoot::kWarn, "warn"},
    {SharedDataRoot::kAllow, "allow"},
};
constexpr size_t kMaxRoots = 64;
constexpr size_t kMaxNames = 32;
constexpr size_t kMaxText = 8192;

bool IsSame(const api::HostDataRoot& wanted, const DataRootUse& held) {
  return std::find(wanted.names.begin(), wanted.names.end(), held.name) !=
         wanted.names.end();
}

bool IsTooLong(const api::HostDataRoot& root) {
  return root.path.size() > kMaxText || root.target.size() > kMaxText ||
         root.names.empty() || root.names.size() > kMaxNames ||
         root.names.front().size() > kMaxText;
}

}  // namespace

std::optional<SharedDataRoot> ParseSharedDataRoot(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

absl::Status CheckHostDataRoots(const std::vector<api::HostDataRoot>& wanted) {
  if (wanted.size() <= kMaxRoots &&
      std::none_of(wanted.begin(), wanted.end(), IsTooLong)) {
    return absl::OkStatus();
  }
  return InvalidArgument("data roots: too many, or their paths too long");
}

std::vector<DataRootUse> UsesOf(const std::vector<api::HostDataRoot>& wanted) {
  std::vector<DataRootUse> uses;
  for (const api::HostDataRoot& root : wanted) {
    uses.push_back({root.path, root.names.front()});
  }
  return uses;
}

std::optional<DataRootConflict> FindDataRootConflict(
    const std::string& id, const std::vector<api::HostDataRoot>& wanted,
    const Ledger& ledger) {
  if (wanted.empty()) return std::nullopt;
  for (const auto& [holder, entry] : ledger.entries()) {
    if (holder == id) continue;
    for (const DataRootUse& held : entry.data_roots) {
      for (const api::HostDataRoot& root : wanted) {
        if (!IsSame(root, held)) continue;
        return DataRootConflict{
            holder,
            fmt::format("mount source \"{}\" on {} should be mounted in one "
                        "container only, and running container \"{}\" has it "
                        "as data root of an engine",
                        root.path, root.target, holder)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace sysbox::mgr
