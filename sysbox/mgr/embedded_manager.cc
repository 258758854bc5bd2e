#include "sysbox/mgr/embedded_manager.h"

#include <unistd.h>

#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"

namespace sysbox::mgr {
namespace {

class EmbeddedManager : public api::Manager {
 public:
  EmbeddedManager(std::unique_ptr<RegistrationService> service,
                  const ProcessIdentity& self)
      : service_(std::move(service)), self_(self) {}

  ~EmbeddedManager() override {
    for (const std::string& id : pending_) {
      (void)service_->Abandon(id, self_);  // else others find it dead
    }
  }

  absl::StatusOr<api::Registered> Register(
      api::Registration registration) override {
    const std::string id = registration.id;
    auto registered = service_->Register(self_, registration);
    if (registered.ok()) pending_.insert(id);
    return registered;
  }

  absl::Status Activate(const std::string& id, const Pidfd& init) override {
    SYSBOX_RETURN_IF_ERROR(service_->Activate(id, init));
    pending_.erase(id);
    return absl::OkStatus();
  }

  absl::Status Listen(const std::string&, FdRef) override {
    return FailedPrecondition("an embedded manager intercepts no calls");
  }

  absl::Status Unregister(const std::string& id) override {
    SYSBOX_RETURN_IF_ERROR(service_->Unregister(id));
    pending_.erase(id);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<api::ContainerSummary>> List() override {
    return service_->List("", std::numeric_limits<size_t>::max());
  }

 private:
  std::unique_ptr<RegistrationService> service_;
  ProcessIdentity self_;
  std::set<std::string> pending_;  // registered here, not activated
};

}  // namespace

absl::StatusOr<std::unique_ptr<api::Manager>> MakeEmbeddedManager(
    const RegistrationOptions& options) {
  SYSBOX_ASSIGN_OR_RETURN(ProcessIdentity self, IdentityOf(getpid()));
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<RegistrationService> service,
                          RegistrationService::Open(options, nullptr));
  return std::make_unique<EmbeddedManager>(std::move(service), self);
}

}  // namespace sysbox::mgr
