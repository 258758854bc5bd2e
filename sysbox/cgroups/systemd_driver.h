// The systemd cgroup driver: a container is a transient scope, made and ended
// by systemd over D-Bus; all else is the cgroup's files', as with the
// cgroupfs driver. cgroup.h has the contract.
#ifndef SYSBOX_CGROUPS_SYSTEMD_DRIVER_H_
#define SYSBOX_CGROUPS_SYSTEMD_DRIVER_H_

#include <map>
#include <memory>
#include <string>

#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/systemd_unit.h"
#include "sysbox/linux/process.h"

namespace sysbox::cgroups {

class SystemdCgroup final : public Cgroup {
 public:
  // `files` is the cgroup at `unit`.path, made to adopt what exists.
  SystemdCgroup(std::string container_id, SystemdUnit unit,
                std::unique_ptr<Cgroup> files)
      : container_id_(std::move(container_id)),
        unit_(std::move(unit)),
        files_(std::move(files)) {}

  absl::Status Create(const oci::Resources& resources) override;
  absl::Status Update(const oci::Resources& resources) override;
  absl::Status Destroy() override;

  absl::StatusOr<JoinHandles> OpenForInit(InitStart start) override {
    return files_->OpenForInit(start);
  }
  absl::StatusOr<JoinHandles> OpenForProcess(pid_t init) override {
    return files_->OpenForProcess(init);
  }
  absl::Status Freeze() override { return files_->Freeze(); }
  absl::Status Thaw() override { return files_->Thaw(); }
  absl::StatusOr<bool> Frozen() override { return files_->Frozen(); }
  absl::StatusOr<std::vector<pid_t>> Processes() override;
  absl::StatusOr<Stats> ReadStats() override { return files_->ReadStats(); }
  absl::StatusOr<Fd> OpenOomEvents() override {
    return files_->OpenOomEvents();
  }
  absl::StatusOr<bool> ConsumeOomEvents(FdRef events) override {
    return files_->ConsumeOomEvents(events);
  }
  absl::Status KillAll() override { return files_->KillAll(); }
  std::map<std::string, std::string> Paths() const override {
    return files_->Paths();
  }
  bool unified() const override { return files_->unified(); }

 private:
  const std::string container_id_;
  const SystemdUnit unit_;
  const std::unique_ptr<Cgroup> files_;
  // systemd makes no scope without a process, and ends it with its last one:
  // this one holds the place until the object, and so the command that made
  // it, is gone. By then the container's init has joined.
  OwnedChild placeholder_;
};

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_SYSTEMD_DRIVER_H_
