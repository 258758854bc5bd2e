#include "sysbox/mounts/host_data_roots.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"
#include "sysbox/mounts/container_files.h"
#include "sysbox/mounts/data_roots.h"
#include "sysbox/oci/mount_options.h"

namespace sysbox::mounts {
namespace {

// Deeper than anybody mounts; each name holds all of the path below it.
constexpr size_t kMaxNames = 24;

// Most containers bind three files of the engine's outside and no directory:
// for them nothing else is looked at.
bool HasDirectoryBind(const oci::Spec& spec, const std::string& bundle) {
  return std::any_of(
      spec.mounts.begin(), spec.mounts.end(), [&](const oci::Mount& mount) {
        if (mount.type != "bind" &&
            !oci::ParseMountOptions(mount.options).bind) {
          return false;
        }
        const auto found = StatAt(
            FdRef::Cwd(), mount.source.starts_with('/')
                              ? mount.source
                              : fmt::format("{}/{}", bundle, mount.source));
        return found.ok() && S_ISDIR(found->st_mode);
      });
}

void TakeLast(std::string& path, std::string& rest) {
  const size_t slash = path.rfind('/');
  rest = path.substr(slash) + rest;
  path.resize(slash);
}

// `path` is real, `rest` is what is missing below it.
absl::StatusOr<std::vector<std::string>> NamesOf(std::string path,
                                                 std::string rest) {
  std::vector<std::string> names;
  for (; names.size() < kMaxNames; TakeLast(path, rest)) {
    SYSBOX_ASSIGN_OR_RETURN(const struct stat found,
                            StatAt(FdRef::Cwd(), path.empty() ? "/" : path));
    names.push_back(fmt::format("{}:{}{}", found.st_dev, found.st_ino, rest));
    if (path.size() <= 1) break;
  }
  return names;
}

absl::StatusOr<HostDataRoot> Find(const std::string& target,
                                  const ContainerFiles::OnHost& place) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd source,
                          Open(place.source, {.flags = O_PATH | O_DIRECTORY}));
  std::string below = place.below, missing;
  auto existing = OpenInRoot(source, below, {.flags = O_PATH | O_DIRECTORY});
  while (!existing.ok() && !below.empty()) {
    TakeLast(below, missing);
    existing = OpenInRoot(source, below, {.flags = O_PATH | O_DIRECTORY});
  }
  SYSBOX_RETURN_IF_ERROR(existing);
  SYSBOX_ASSIGN_OR_RETURN(const std::string real,
                          ReadLink(ProcPath(*existing)));
  HostDataRoot found = {target, real + missing, {}};
  SYSBOX_ASSIGN_OR_RETURN(found.names, NamesOf(real, missing));
  return found;
}

}  // namespace

absl::StatusOr<std::vector<HostDataRoot>> FindHostDataRoots(
    const oci::Spec& spec, const std::string& bundle,
    const std::string& rootfs) {
  std::vector<HostDataRoot> roots;
  if (!HasDirectoryBind(spec, bundle)) return roots;
  SYSBOX_ASSIGN_OR_RETURN(const Fd root,
                          Open(rootfs, {.flags = O_PATH | O_DIRECTORY}));
  const ContainerFiles files(root, spec.mounts, bundle);
  for (const std::string& place : FindEnginePlaces(
           files, spec.process.has_value() ? spec.process->args
                                           : std::vector<std::string>())) {
    const auto on_host = files.FindOnHost(files.Resolve(place));
    if (on_host.source.empty() || on_host.read_only) continue;
    auto found = Find(place, on_host);
    // A file, or nothing: who mounts it says so, naming the field.
    if (found.ok()) roots.push_back(*std::move(found));
  }
  return roots;
}

}  // namespace sysbox::mounts
