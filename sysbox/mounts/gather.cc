#include "sysbox/mounts/gather.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/kernel_features.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mounts/container_files.h"
#include "sysbox/mounts/data_roots.h"
#include "sysbox/mounts/hostname_file.h"
#include "sysbox/mounts/kernel_files.h"
#include "sysbox/mounts/overlay_layers.h"
#include "sysbox/oci/mount_options.h"

namespace sysbox::mounts {
namespace {

std::string FromBundle(const std::string& bundle, const std::string& path) {
  if (!path.empty() && path.front() == '/') return path;
  return fmt::format("{}/{}", bundle, path);
}

// A field that names a path: `root.path "/x": <kernel text>`.
absl::Status PathError(std::string_view field, const std::string& path,
                       const absl::Status& status) {
  return ErrnoStatus(ErrnoOf(status), fmt::format("{} \"{}\"", field, path));
}

uint64_t AttributesOf(const MountInfo& mount) {
  const std::vector<std::string> options =
      absl::StrSplit(ToAbsl(mount.options), ',');
  return oci::ParseMountOptions(options).attributes_set;
}

// The filesystem's type, and its layers where the rootfs is a whole overlay.
absl::Status LookAtMount(FdRef root, RootfsFacts& facts) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t magic, FilesystemMagic(root));
  if (magic != OVERLAYFS_SUPER_MAGIC) {
    facts.filesystem = fmt::format("{:#x}", magic);
    SYSBOX_ASSIGN_OR_RETURN(facts.attributes, AccessAttributesOf(root));
    return absl::OkStatus();
  }
  facts.filesystem = "overlay";
  SYSBOX_ASSIGN_OR_RETURN(const bool is_mount, IsMountRoot(root));
  if (!is_mount) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(const MountInfo mount, MountOf(root));
  // A bind of a directory inside an overlay is no overlay of its own.
  if (mount.root != "/") return absl::OkStatus();
  facts.attributes = AttributesOf(mount);
  SYSBOX_ASSIGN_OR_RETURN(facts.overlay, FindOverlayLayers(mount));
  return absl::OkStatus();
}

absl::StatusOr<RootfsFacts> LookAtRootfs(const std::string& path) {
  RootfsFacts facts;
  auto real = RealPath(path);
  if (!real.ok()) return PathError("root.path", path, real.status());
  facts.path = *std::move(real);
  auto root = Open(facts.path, {.flags = O_PATH | O_DIRECTORY});
  if (!root.ok()) return PathError("root.path", path, root.status());
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(*root));
  facts.uid = found.st_uid;
  facts.gid = found.st_gid;
  SYSBOX_RETURN_IF_ERROR(LookAtMount(*root, facts), "root.path \"{}\"", path);
  return facts;
}

// The host's mounts, read when somebody asks.
class HostMounts {
 public:
  // MOUNT_ATTR_* of those below `directory`, all together.
  absl::StatusOr<uint64_t> AttributesBelow(FdRef directory);

 private:
  std::string text_;
};

absl::StatusOr<uint64_t> HostMounts::AttributesBelow(FdRef directory) {
  if (text_.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(text_, ReadFile("/proc/self/mountinfo"));
  }
  SYSBOX_ASSIGN_OR_RETURN(std::string below, ReadLink(ProcPath(directory)));
  if (below != "/") below += "/";
  // Usually there is none, which the text tells before it is parsed.
  if (below.find_first_of(" \t\n\\#") == std::string::npos &&
      text_.find(" " + below) == std::string::npos) {
    return 0;
  }
  SYSBOX_ASSIGN_OR_RETURN(const auto mounts, ParseMountInfo(text_));
  uint64_t attributes = 0;
  for (const MountInfo& mount : mounts) {
    if (mount.mount_point.starts_with(below)) attributes |= AttributesOf(mount);
  }
  return attributes;
}

absl::StatusOr<SourceFacts> LookAtSource(const std::string& path,
                                         bool recursive, HostMounts& mounts) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd source, Open(path, {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(source));
  SourceFacts facts;
  facts.path = path;
  facts.device = S_ISCHR(found.st_mode) || S_ISBLK(found.st_mode);
  facts.uid = found.st_uid;
  facts.gid = found.st_gid;
  SYSBOX_ASSIGN_OR_RETURN(facts.attributes, AccessAttributesOf(source));
  if (recursive && S_ISDIR(found.st_mode)) {
    SYSBOX_ASSIGN_OR_RETURN(facts.attributes_below,
                            mounts.AttributesBelow(source));
  }
  return facts;
}

absl::Status LookAtSources(const oci::Spec& spec, const std::string& bundle,
                           BuildInputs& inputs) {
  HostMounts mounts;
  inputs.sources.resize(spec.mounts.size());
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const oci::Mount& mount = spec.mounts[i];
    const oci::MountOptions options = oci::ParseMountOptions(mount.options);
    if (mount.type != "bind" && !options.bind) continue;
    const std::string path = FromBundle(bundle, mount.source);
    auto facts = LookAtSource(path, options.recursive, mounts);
    if (!facts.ok()) {
      return PathError(fmt::format("mounts[{}].source", i), path,
                       facts.status());
    }
    inputs.sources[i] = *std::move(facts);
  }
  return absl::OkStatus();
}

// Where the root is an overlay that can be written to.
absl::Status LookForKernelFiles(const ContainerFiles& files,
                                BuildInputs& inputs) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd host,
                          Open("/", {.flags = O_PATH | O_DIRECTORY}));
  const std::string release = KernelRelease();
  inputs.kernel_files = FindKernelFiles(host, release);
  std::vector<KernelDirectory>& found = inputs.kernel_files;
  if (found.empty() || !WantsKernelFiles(files)) {
    found.clear();
    return absl::OkStatus();
  }
  const std::string expected = HeadersPath(files, release);
  const auto headers = std::find_if(
      found.begin(), found.end(),
      [](const auto& entry) { return entry.target.starts_with("/usr/src/"); });
  if (expected.empty() || headers == found.end() ||
      headers->target == expected || files.Exists(expected)) {
    return absl::OkStatus();
  }
  inputs.headers_link = RootfsLink{expected, headers->target};
  return absl::OkStatus();
}

absl::Status LookForDataRoots(const ContainerFiles& files,
                              const oci::Spec& spec, BuildInputs& inputs) {
  const std::optional<OverlayLayers>& overlay = inputs.rootfs.overlay;
  if (!inputs.options.data_roots || !overlay.has_value() ||
      overlay->upper.empty()) {
    return absl::OkStatus();
  }
  inputs.data_roots = FindDataRoots(files, spec.process.has_value()
                                               ? spec.process->args
                                               : std::vector<std::string>());
  return absl::OkStatus();
}

// Whose the network namespace is that config.json names.
absl::Status LookAtNetwork(const oci::Spec& spec, BuildInputs& inputs) {
  // Without a user namespace of its own, the container's root is the host's.
  if (inputs.options.maps.uids.lines.empty()) return absl::OkStatus();
  for (const oci::Namespace& entry : spec.linux->namespaces) {
    if (entry.type != "network" || entry.path.empty()) continue;
    SYSBOX_ASSIGN_OR_RETURN(
        const Fd network,
        OpenNamespacePath(entry.path, NamespaceType::kNetwork));
    SYSBOX_ASSIGN_OR_RETURN(const bool ours, IsOwnedByUs(network),
                            "network namespace \"{}\"", entry.path);
    if (ours) inputs.network_of_host = entry.path;
  }
  return absl::OkStatus();
}

absl::Status LookIntoRootfs(const oci::Spec& spec, const std::string& bundle,
                            BuildInputs& inputs) {
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd rootfs,
      Open(inputs.rootfs.path, {.flags = O_PATH | O_DIRECTORY}));
  if (inputs.options.hostname_file) {
    inputs.hostname_mount = FindHostnameMount(spec, inputs.sources, rootfs);
  }
  const ContainerFiles files(rootfs, spec.mounts, bundle);
  SYSBOX_RETURN_IF_ERROR(LookForDataRoots(files, spec, inputs));
  if (!inputs.options.kernel_files) return absl::OkStatus();
  return LookForKernelFiles(files, inputs);
}

}  // namespace

absl::StatusOr<BuildInputs> GatherBuildInputs(const oci::Spec& spec,
                                              const std::string& bundle,
                                              BuildOptions options) {
  if (!spec.root.has_value()) return InvalidArgument("root: missing");
  BuildInputs inputs;
  inputs.options = std::move(options);
  SYSBOX_ASSIGN_OR_RETURN(inputs.rootfs,
                          LookAtRootfs(FromBundle(bundle, spec.root->path)));
  SYSBOX_RETURN_IF_ERROR(LookAtSources(spec, bundle, inputs));
  inputs.has_kcore = Exists("/proc/kcore");
  SYSBOX_RETURN_IF_ERROR(LookAtNetwork(spec, inputs));
  SYSBOX_RETURN_IF_ERROR(LookIntoRootfs(spec, bundle, inputs));
  return inputs;
}

}  // namespace sysbox::mounts
