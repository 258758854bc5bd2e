// Makes sure that an owner has an entry in /etc/subuid and /etc/subgid.
// Idempotent; two at once agree; useradd(8) and we exclude each other by
// shadow's own lock files. Never changes or removes a line.
#ifndef SYSBOX_IDS_SUBID_ENTRY_H_
#define SYSBOX_IDS_SUBID_ENTRY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/ids/subid_pool.h"

namespace sysbox {

struct SubidPaths {
  std::string subuid = "/etc/subuid";
  std::string subgid = "/etc/subgid";
  std::string login_defs = "/etc/login.defs";
  // flock(2) of ours; its directory is made (0700) if it is missing.
  std::string lock = "/run/sysbox/subids.lock";
};

inline constexpr char kSubidOwner[] = "sysbox";
inline constexpr uint32_t kSubidPoolSize = 268435456;  // 4096 containers
inline constexpr uint32_t kSubidMinSize = 65536;

// The owner's ranges. An entry of at least kSubidMinSize ids is used as it
// is. A missing one is added in the first hole that overlaps nobody: with the
// same base in both files if there is one, within login.defs's limits if they
// leave room, else beyond; with fewer ids if there is no such hole anywhere.
absl::StatusOr<SubidRanges> EnsureSubids(const std::string& owner,
                                         uint32_t size,
                                         const SubidPaths& paths);

// The decision alone, on the text of the three files: the ranges, and which
// file still needs its line. ResourceExhausted when there is no hole.
struct SubidPlan {
  SubidRanges ranges;
  bool add_uids = false;
  bool add_gids = false;
};
absl::StatusOr<SubidPlan> PlanSubids(const std::string& owner, uint32_t size,
                                     std::string_view subuid,
                                     std::string_view subgid,
                                     std::string_view login_defs);

}  // namespace sysbox

#endif  // SYSBOX_IDS_SUBID_ENTRY_H_
