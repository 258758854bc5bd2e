#include "sysbox/mgr/no_manager.h"

#include <algorithm>
#include <string>
#include <vector>

#include "sysbox/base/status.h"

namespace sysbox::mgr {
namespace {

constexpr uint32_t kFirstId = 231072;
constexpr uint32_t kSize = 65536;

class NoManager : public api::Manager {
 public:
  explicit NoManager(const api::Policy& policy) : policy_(policy) {}

  absl::StatusOr<api::Registered> Register(
      api::Registration registration) override {
    api::Registered registered;
    registered.policy = policy_;
    registered.shares_user_namespace =
        registration.shared_user_namespace.valid();
    if (registration.requested_maps) {
      registered.maps = *std::move(registration.requested_maps);
      SYSBOX_RETURN_IF_ERROR(
          ValidateIdMap(registered.maps.uids, "linux.uidMappings"));
      SYSBOX_RETURN_IF_ERROR(
          ValidateIdMap(registered.maps.gids, "linux.gidMappings"));
      return registered;
    }
    const IdMap map =
        MapOnto({kFirstId, std::max(kSize, registration.range_size)});
    registered.maps = {map, map};
    return registered;
  }

  absl::Status Activate(const std::string&, const Pidfd&) override {
    return absl::OkStatus();
  }
  absl::Status Listen(const std::string&, FdRef) override {
    return FailedPrecondition("no manager intercepts calls");
  }
  absl::Status Unregister(const std::string&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<api::ContainerSummary>> List() override {
    return std::vector<api::ContainerSummary>();
  }

 private:
  api::Policy policy_;
};

}  // namespace

std::unique_ptr<api::Manager> MakeNoManager(const api::Policy& policy) {
  return std::make_unique<NoManager>(policy);
}

}  // namespace sysbox::mgr
