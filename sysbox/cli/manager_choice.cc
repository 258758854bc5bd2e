#include "sysbox/cli/manager_choice.h"

#include <string>
#include <utility>
#include <vector>

#include "sysbox/api/client.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/fsd/embedded_files.h"
#include "sysbox/mgr/embedded_manager.h"
#include "sysbox/mgr/no_manager.h"

namespace sysbox::cli {
namespace {

constexpr char kRunDir[] = "/run/sysbox";

class LazyManager : public api::Manager {
 public:
  LazyManager(RuntimeOptions options, WithoutDaemon without_daemon)
      : options_(std::move(options)), without_daemon_(without_daemon) {}

  absl::StatusOr<api::Registered> Register(
      api::Registration registration) override {
    SYSBOX_ASSIGN_OR_RETURN(api::Manager * manager, Get());
    return manager->Register(std::move(registration));
  }
  absl::Status Activate(const std::string& id, const Pidfd& init) override {
    SYSBOX_ASSIGN_OR_RETURN(api::Manager * manager, Get());
    return manager->Activate(id, init);
  }
  absl::Status Listen(const std::string& id, FdRef listener) override {
    // Who has been serving it goes on, whoever came since.
    const absl::Status embedded = fsd::ListenEmbedded(kRunDir, id, listener);
    if (!absl::IsNotFound(embedded)) return embedded;
    SYSBOX_ASSIGN_OR_RETURN(api::Manager * manager, Get());
    return manager->Listen(id, listener);
  }
  absl::StatusOr<std::string> AliasDns(const std::string& id) override {
    SYSBOX_ASSIGN_OR_RETURN(api::Manager * manager, Get());
    return manager->AliasDns(id);
  }
  absl::Status Unregister(const std::string& id) override {
    SYSBOX_ASSIGN_OR_RETURN(api::Manager * manager, Get());
    absl::Status status = manager->Unregister(id);
    if (!absl::IsUnavailable(status) ||
        without_daemon_ == WithoutDaemon::kFail) {
      return status;
    }
    // The daemon has ended meanwhile.
    SYSBOX_ASSIGN_OR_RETURN(manager_, Embed());
    return manager_->Unregister(id);
  }
  absl::StatusOr<std::vector<api::ContainerSummary>> List() override {
    SYSBOX_ASSIGN_OR_RETURN(api::Manager * manager, Get());
    return manager->List();
  }

 private:
  absl::StatusOr<api::Manager*> Get() {
    if (manager_ == nullptr) {
      SYSBOX_ASSIGN_OR_RETURN(manager_, Connect());
    }
    return manager_.get();
  }

  absl::StatusOr<std::unique_ptr<api::Manager>> Connect() const {
    absl::StatusOr<std::unique_ptr<api::Manager>> daemon =
        api::ConnectManager(options_.manager_socket, kVersion);
    if (daemon.ok() || !absl::IsUnavailable(daemon.status()) ||
        without_daemon_ == WithoutDaemon::kFail) {
      return daemon;
    }
    return Embed();
  }

  absl::StatusOr<std::unique_ptr<api::Manager>> Embed() const {
    mgr::RegistrationOptions registration;
    registration.data_root = options_.data_root;
    SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<api::Manager> manager,
                            mgr::MakeEmbeddedManager(registration));
    return fsd::WithEmbeddedFiles(std::move(manager), kRunDir);
  }

  RuntimeOptions options_;
  WithoutDaemon without_daemon_;
  std::unique_ptr<api::Manager> manager_;
};

}  // namespace

std::unique_ptr<api::Manager> ChooseManager(const RuntimeOptions& options,
                                            WithoutDaemon without_daemon) {
  if (options.no_manager) {
    return fsd::WithEmbeddedFiles(mgr::MakeNoManager(api::Policy()), kRunDir);
  }
  return std::make_unique<LazyManager>(options, without_daemon);
}

}  // namespace sysbox::cli
