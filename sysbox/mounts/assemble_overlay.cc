#include "sysbox/mounts/assemble_overlay.h"

#include <fcntl.h>

#include <cerrno>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/mounts/container_identity.h"
#include "sysbox/mounts/layer_clones.h"
#include "sysbox/mounts/mount_in_child.h"

namespace sysbox::mounts {
namespace {

// fsconfig(2) takes no longer string.
constexpr size_t kMaxString = 255;

// Hands one layer over, the way the kernel at hand takes it.
using LayerSetter = absl::Status (*)(FilesystemContext& context,
                                     const std::string& key, FdRef layer);
absl::Status SetByDescriptor(FilesystemContext& context, const std::string& key,
                             FdRef layer) {
  return context.SetFd(key, layer);
}
absl::Status SetByPath(FilesystemContext& context, const std::string& key,
                       FdRef layer) {
  return context.SetString(key, ProcPath(layer));
}

absl::Status SetEach(FilesystemContext& context, const std::string& key,
                     const std::vector<Fd>& layers, LayerSetter set) {
  for (const Fd& layer : layers) {
    SYSBOX_RETURN_IF_ERROR(set(context, key, layer));
  }
  return absl::OkStatus();
}

using LowerSetter = absl::Status (*)(FilesystemContext& context,
                                     const LayerClones& layers);
template <LayerSetter set>
absl::Status SetOneByOne(FilesystemContext& context,
                         const LayerClones& layers) {
  SYSBOX_RETURN_IF_ERROR(SetEach(context, "lowerdir+", layers.lower, set));
  return SetEach(context, "datadir+", layers.data_lower, set);
}

// `count` names of a byte each, none of which means anything in an overlay's
// options; those that can be read come first.
std::vector<std::string> ShortNames(size_t count) {
  constexpr std::string_view kMeaningful = ".,:/\\=\n";
  std::vector<std::string> names;
  for (const bool readable : {true, false}) {
    for (int byte = 1; byte < 256 && names.size() < count; ++byte) {
      const auto name = static_cast<char>(byte);
      if (kMeaningful.find(name) == kMeaningful.npos &&
          absl::ascii_isalnum(byte) == readable) {
        names.emplace_back(1, name);
      }
    }
  }
  return names;
}

// A directory that holds a link of one byte to each layer, in that order.
absl::StatusOr<Fd> LinkLayers(const std::vector<Fd>& layers,
                              const std::vector<std::string>& names) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount links,
                          NewFilesystem("tmpfs", "layers", {}, 0));
  for (size_t i = 0; i < layers.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(
        SymlinkAt(ProcPath(layers[i]), links.fd(), names[i]));
  }
  return Duplicate(links.fd());
}

// Before Linux 6.8 all lower layers are one string: of names relative to the
// working directory, which is all that this process has one for.
absl::Status SetJoined(FilesystemContext& context, const LayerClones& layers) {
  if (!layers.data_lower.empty()) {
    return FailedPrecondition("data-only layers need Linux 6.8");
  }
  if (layers.lower.size() > (kMaxString + 1) / 2) {
    return FailedPrecondition("{} layers need Linux 6.8", layers.lower.size());
  }
  const std::vector<std::string> names = ShortNames(layers.lower.size());
  SYSBOX_ASSIGN_OR_RETURN(const Fd links, LinkLayers(layers.lower, names));
  SYSBOX_RETURN_IF_ERROR(ChangeDirectory(links));
  return context.SetString("lowerdir", absl::StrJoin(names, ":"));
}

// How a kernel takes layers.
struct Manner {
  LowerSetter set_lower;
  LayerSetter set_upper;
};
constexpr Manner kDescriptors = {SetOneByOne<SetByDescriptor>, SetByDescriptor};
constexpr Manner kPaths = {SetOneByOne<SetByPath>, SetByPath};
constexpr Manner kJoined = {SetJoined, SetByPath};

absl::StatusOr<DetachedMount> MountOverlay(const RootfsPlan& rootfs,
                                           const IdMaps& maps,
                                           const LayerClones& layers,
                                           const Manner& manner) {
  SYSBOX_ASSIGN_OR_RETURN(FilesystemContext context,
                          FilesystemContext::Open("overlay"));
  SYSBOX_RETURN_IF_ERROR(context.SetString("source", "overlay"));
  SYSBOX_RETURN_IF_ERROR(manner.set_lower(context, layers));
  if (layers.upper.valid()) {
    SYSBOX_RETURN_IF_ERROR(manner.set_upper(context, "upperdir", layers.upper));
    SYSBOX_RETURN_IF_ERROR(manner.set_upper(context, "workdir", layers.work));
  }
  for (const FilesystemOption& option : rootfs.overlay.options) {
    SYSBOX_RETURN_IF_ERROR(option.value.empty()
                               ? context.SetFlag(option.key)
                               : context.SetString(option.key, option.value));
  }
  {
    SYSBOX_ASSIGN_OR_RETURN(const ContainerIdentity identity,
                            ContainerIdentity::Assume(maps));
    SYSBOX_RETURN_IF_ERROR(context.Create());
  }
  return context.Mount(rootfs.attributes);
}

// The clones go down with the child, the overlay holds on to what it needs of
// them.
absl::StatusOr<DetachedMount> MountInChild(const RootfsPlan& rootfs,
                                           const IdMaps& maps,
                                           const LayerClones& layers,
                                           const Manner& manner) {
  return MakeMountInChild([&](FdRef root) -> absl::StatusOr<DetachedMount> {
    for (const DetachedMount& clone : layers.clones) {
      SYSBOX_RETURN_IF_ERROR(AttachMount(clone, root));
    }
    return MountOverlay(rootfs, maps, layers, manner);
  });
}

// A fresh directory: what an overlay left in it last time is of no use, and
// after a volatile one even forbids another mount.
absl::Status MakeWorkDirectory(const OverlayLayers& overlay) {
  if (overlay.work.empty()) return absl::OkStatus();
  const absl::Status made = MakeDirectory(overlay.work, 0700);
  if (ErrnoOf(made) != EEXIST) return made;
  SYSBOX_RETURN_IF_ERROR(RemoveTree(overlay.work));
  return MakeDirectory(overlay.work, 0700);
}

// What a kernel says that cannot take layers from where they are offered.
bool MayBeUnsupported(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return error == EINVAL || error == EBADF || error == EOPNOTSUPP;
}

}  // namespace

absl::StatusOr<DetachedMount> AssembleOverlayBy(
    OverlayMethod method, const RootfsPlan& rootfs, const IdMaps& maps,
    FdRef user_namespace, std::vector<DetachedMount>& discarded) {
  SYSBOX_RETURN_IF_ERROR(MakeWorkDirectory(rootfs.overlay));
  SYSBOX_ASSIGN_OR_RETURN(LayerClones layers,
                          CloneLayers(rootfs.overlay, user_namespace));
  auto mount =
      method == OverlayMethod::kDetached
          ? MountOverlay(rootfs, maps, layers, kDescriptors)
          : MountInChild(rootfs, maps, layers,
                         method == OverlayMethod::kAttached ? kPaths : kJoined);
  std::move(layers.clones.begin(), layers.clones.end(),
            std::back_inserter(discarded));
  return mount;
}

absl::StatusOr<DetachedMount> AssembleOverlay(
    const RootfsPlan& rootfs, const IdMaps& maps, FdRef user_namespace,
    std::vector<DetachedMount>& discarded) {
  absl::StatusOr<DetachedMount> mount;
  for (const OverlayMethod method :
       {OverlayMethod::kDetached, OverlayMethod::kAttached,
        OverlayMethod::kJoined}) {
    mount = AssembleOverlayBy(method, rootfs, maps, user_namespace, discarded);
    if (mount.ok() || !MayBeUnsupported(mount.status())) break;
  }
  return mount;
}

}  // namespace sysbox::mounts
