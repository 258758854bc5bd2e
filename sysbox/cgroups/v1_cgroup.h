// Cgroups on a host with v1 controllers, the unified hierarchy of a hybrid
// host included. cgroup.h has the contract.
#ifndef SYSBOX_CGROUPS_V1_CGROUP_H_
#define SYSBOX_CGROUPS_V1_CGROUP_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/cgroups/v1_limits.h"

namespace sysbox::cgroups {

class V1Cgroup final : public Cgroup {
 public:
  // `adopt`: the directories may exist and hold processes (systemd's).
  V1Cgroup(CgroupOptions options, std::vector<Place> places, bool adopt)
      : options_(std::move(options)),
        places_(std::move(places)),
        adopt_(adopt) {}

  absl::Status Create(const oci::Resources& resources) override;
  absl::StatusOr<JoinHandles> OpenForInit(InitStart /*start*/) override {
    return OpenForJoin();
  }
  absl::StatusOr<JoinHandles> OpenForProcess(pid_t /*init*/) override {
    return OpenForJoin();
  }
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
  bool unified() const override { return false; }

 private:
  absl::StatusOr<JoinHandles> OpenForJoin() const;
  // The place that has `controller`, "" for the unified one; else null.
  const Place* Find(std::string_view controller) const;
  // Where the container's processes are.
  std::string ProcessPath(const Place& place) const;
  // The place that can freeze: the freezer's, else the unified one.
  absl::StatusOr<const Place*> FreezingPlace() const;

  // v1_create.cc
  absl::Status MakeOuter(const Place& place, const oci::Resources& resources,
                         std::vector<OpenPlace>* made) const;
  absl::Status MakeChild(OpenPlace* open) const;
  absl::Status Build(const oci::Resources& resources,
                     std::vector<OpenPlace>* made) const;
  void RemoveMade(std::vector<OpenPlace> made) const;

  // v1_update.cc
  absl::StatusOr<std::vector<OpenPlace>> OpenPlaces() const;

  const CgroupOptions options_;
  const std::vector<Place> places_;
  const bool adopt_;
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_CGROUP_H_
