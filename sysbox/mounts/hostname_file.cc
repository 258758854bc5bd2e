#include "sysbox/mounts/hostname_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <vector>

#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/container_identity.h"

namespace sysbox::mounts {
namespace {

constexpr char kDirectory[] = "/etc";
constexpr char kName[] = "hostname";
constexpr size_t kMaxText = 256;
constexpr mode_t kMode = 0644;

bool HasNothingElse(FdRef rootfs) {
  const auto etc =
      OpenInRoot(rootfs, kDirectory, {.flags = O_PATH | O_DIRECTORY});
  if (!etc.ok()) return false;
  const auto found = StatAt(*etc, kName, AT_SYMLINK_NOFOLLOW);
  return found.ok() ? S_ISREG(found->st_mode)
                    : ErrnoOf(found.status()) == ENOENT;
}

// A FIFO, say, would be waited for.
bool IsText(const SourceFacts& source, const std::string& text) {
  const auto file = Open(source.path, {.flags = O_RDONLY | O_NONBLOCK});
  if (!file.ok()) return false;
  const auto status = Stat(*file);
  if (!status.ok() || !S_ISREG(status->st_mode)) return false;
  const auto content = ReadAll(*file, kMaxText);
  return content.ok() && *content == text;
}

absl::Status Write(FdRef etc, const MountPlan& plan) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd file,
      OpenAt(etc, kName,
             {.flags = O_WRONLY | O_CREAT | O_EXCL, .mode = kMode}));
  SYSBOX_RETURN_IF_ERROR(WriteAll(file, plan.hostname + "\n"));
  SYSBOX_RETURN_IF_ERROR(ChangeModeAt(etc, kName, kMode));
  if (plan.rootfs.kind != RootfsPlan::Kind::kPlainBind) {
    return absl::OkStatus();
  }
  return ChangeOwner(file, HostUid(plan.maps, 0), HostGid(plan.maps, 0));
}

}  // namespace

std::optional<size_t> FindHostnameMount(
    const oci::Spec& spec,
    const std::vector<std::optional<SourceFacts>>& sources, FdRef rootfs) {
  const std::string path = std::string(kDirectory) + "/" + kName;
  std::optional<size_t> found;
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const std::string target = CleanPath(spec.mounts[i].destination);
    if (target == kDirectory) return std::nullopt;
    if (target != path) continue;
    if (found.has_value() || !sources[i].has_value()) return std::nullopt;
    found = i;
  }
  if (!found.has_value() || !HasNothingElse(rootfs)) return std::nullopt;
  const std::vector<std::string>& options = spec.mounts[*found].options;
  for (const std::string& option : options) {
    if (option == "ro" || option == "rro") return std::nullopt;
  }
  return IsText(*sources[*found], spec.hostname + "\n") ? found : std::nullopt;
}

void WriteHostnameFile(const MountPlan& plan) {
  if (plan.hostname.empty()) return;
  const auto rootfs = Open(plan.rootfs.path, {.flags = O_PATH | O_DIRECTORY});
  if (!rootfs.ok()) return;  // preparing it tells why
  const auto etc =
      OpenInRoot(*rootfs, kDirectory, {.flags = O_PATH | O_DIRECTORY});
  if (!etc.ok()) return;
  // Never through what is there: it may be a link.
  (void)UnlinkAt(*etc, kName, 0);
  (void)Write(*etc, plan);
}

}  // namespace sysbox::mounts
