// Cgroups on a pure v2 host. cgroup.h has the contract.
#ifndef SYSBOX_CGROUPS_V2_CGROUP_H_
#define SYSBOX_CGROUPS_V2_CGROUP_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/cgroups/setting.h"

namespace sysbox::cgroups {

class V2Cgroup final : public Cgroup {
 public:
  // `adopt`: the directory may exist and hold processes (systemd's).
  V2Cgroup(CgroupOptions options, Place place, bool adopt)
      : options_(std::move(options)), place_(std::move(place)), adopt_(adopt) {}

  absl::Status Create(const oci::Resources& resources) override;
  absl::StatusOr<JoinHandles> OpenForInit(InitStart start) override;
  absl::StatusOr<JoinHandles> OpenForProcess(pid_t init) override;
  absl::Status Update(const oci::Resources& resources) override;
  absl::Status Freeze() override;
  absl::Status Thaw() override;
  absl::StatusOr<bool> Frozen() override;
  absl::StatusOr<std::vector<pid_t>> Processes() override;
  absl::StatusOr<Stats> ReadStats() override;
  absl::StatusOr<Fd> OpenOomEvents() override;
  absl::StatusOr<bool> ConsumeOomEvents(FdRef events) override;
  absl::Status KillAll() override;
  absl::Status Destroy() override;
  std::map<std::string, std::string> Paths() const override;
  bool unified() const override { return true; }

 private:
  std::string Leaf() const;
  absl::StatusOr<Fd> OpenCgroupOf(pid_t init) const;
  absl::Status Prepare(bool created) const;
  absl::Status Build(const oci::Resources& resources) const;
  absl::Status Delegate(FdRef outer) const;
  // "oom" and "oom_kill" of memory.events together.
  absl::StatusOr<uint64_t> OomCount() const;

  const CgroupOptions options_;
  const Place place_;
  const bool adopt_;
  uint64_t oom_count_ = 0;  // as last consumed
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V2_CGROUP_H_
