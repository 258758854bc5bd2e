#include "sysbox/fsd/debug_mount.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/fsd/emulation.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {
namespace {

constexpr char kId[] = "debug";

// A mount at a directory of its own; both go with it.
class Attached {
 public:
  static absl::StatusOr<std::unique_ptr<Attached>> At(std::string path,
                                                      Fd mount) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(path, 0755));
    std::unique_ptr<Attached> made(new Attached(std::move(path)));
    SYSBOX_ASSIGN_OR_RETURN(const Fd target,
                            Open(made->path_, {.flags = O_PATH | O_DIRECTORY}));
    SYSBOX_RETURN_IF_ERROR(
        AttachMount(DetachedMount(std::move(mount)), target));
    made->mounted_ = true;
    return made;
  }
  ~Attached() {
    absl::Status gone = absl::OkStatus();
    if (mounted_) gone = UnmountDetached(path_);
    if (gone.ok()) gone = RemoveDirectory(path_);
    if (!gone.ok()) Log(LogLevel::kWarning, "{}", MessageOf(gone));
  }

 private:
  explicit Attached(std::string path) : path_(std::move(path)) {}
  std::string path_;
  bool mounted_ = false;
};

}  // namespace

absl::Status ServeAtDirectory(const std::string& directory) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd signals,
                          MakeSignalFd({SIGTERM, SIGINT, SIGHUP}));
  const std::string values = directory + "/values";
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<registry::ContainerRegistry> registry,
                          registry::ContainerRegistry::Open(values));
  absl::Cleanup remove_values = [&] {
    (void)registry->Remove(kId);
    (void)RemoveDirectory(values);  // ours alone, and empty
  };
  SYSBOX_ASSIGN_OR_RETURN(std::shared_ptr<registry::Container> container,
                          registry->Add(kId, {}));
  SYSBOX_RETURN_IF_ERROR(registry->Activate(kId, getpid()));
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<Emulation> emulation,
                          Emulation::Start(nullptr));
  SYSBOX_ASSIGN_OR_RETURN(api::EmulatedFilesystems mounts,
                          emulation->Serve(std::move(container)));
  SYSBOX_ASSIGN_OR_RETURN(
      const auto static_files,
      Attached::At(directory + "/static", std::move(mounts.static_files)));
  SYSBOX_ASSIGN_OR_RETURN(
      const auto live_files,
      Attached::At(directory + "/live", std::move(mounts.live_files)));
  Log(LogLevel::kInfo, "serving at {}/static and {}/live", directory,
      directory);
  SYSBOX_RETURN_IF_ERROR(WaitReadable(signals, -1).status());
  Log(LogLevel::kInfo, "stopping");
  return absl::OkStatus();
}

}  // namespace sysbox::fsd
