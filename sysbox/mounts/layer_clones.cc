#include "sysbox/mounts/layer_clones.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/overlay_layers.h"

namespace sysbox::mounts {
namespace {

absl::StatusOr<DetachedMount> CloneIdMapped(const std::string& path,
                                            FdRef user_namespace) {
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                          CloneTree(FdRef::Cwd(), path, /*recursive=*/false));
  SYSBOX_RETURN_IF_ERROR(
      IdMapMount(clone.fd(), user_namespace, /*recursive=*/false), "\"{}\"",
      path);
  return clone;
}

bool SameDirectory(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Opens `path` below the clone of `parent`. EXDEV if the clone does not show
// there what the host does: another mount lies in between, which a clone that
// is not recursive lacks, or a link leads away.
absl::StatusOr<Fd> OpenBelow(FdRef clone, std::string_view parent,
                             const std::string& path) {
  const size_t skip = parent == "/" ? 1 : parent.size() + 1;
  auto opened =
      OpenAt2(clone, path.substr(skip), {.flags = O_PATH | O_DIRECTORY},
              RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  if (ErrnoOf(opened.status()) == ENOENT) {
    return ErrnoStatus(EXDEV, fmt::format("layer \"{}\"", path));
  }
  SYSBOX_RETURN_IF_ERROR(opened.status(), "layer \"{}\"", path);
  SYSBOX_ASSIGN_OR_RETURN(const struct stat on_clone, Stat(*opened));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat on_host,
                          StatAt(FdRef::Cwd(), path));
  if (SameDirectory(on_clone, on_host)) return opened;
  return ErrnoStatus(EXDEV, fmt::format("layer \"{}\"", path));
}

absl::StatusOr<std::vector<Fd>> OpenAllBelow(
    FdRef clone, std::string_view parent,
    const std::vector<std::string>& paths) {
  std::vector<Fd> opened;
  opened.reserve(paths.size());
  for (const std::string& path : paths) {
    SYSBOX_ASSIGN_OR_RETURN(Fd fd, OpenBelow(clone, parent, path));
    opened.push_back(std::move(fd));
  }
  return opened;
}

// The upper and the work directory have to be on one mount.
absl::Status OpenUpper(FdRef clone, std::string_view parent,
                       const OverlayLayers& layers, LayerClones& result) {
  if (layers.upper.empty()) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(result.upper, OpenBelow(clone, parent, layers.upper));
  SYSBOX_ASSIGN_OR_RETURN(result.work, OpenBelow(clone, parent, layers.work));
  return absl::OkStatus();
}

absl::StatusOr<LayerClones> OnOneClone(const OverlayLayers& layers,
                                       FdRef user_namespace) {
  LayerClones result;
  const std::string& parent = layers.common_parent;
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                          CloneIdMapped(parent, user_namespace));
  SYSBOX_ASSIGN_OR_RETURN(result.lower,
                          OpenAllBelow(clone.fd(), parent, layers.lower));
  SYSBOX_ASSIGN_OR_RETURN(result.data_lower,
                          OpenAllBelow(clone.fd(), parent, layers.data_lower));
  SYSBOX_RETURN_IF_ERROR(OpenUpper(clone.fd(), parent, layers, result));
  result.clones.push_back(std::move(clone));
  return result;
}

absl::Status CloneEach(const std::vector<std::string>& paths,
                       FdRef user_namespace, std::vector<Fd>& opened,
                       std::vector<DetachedMount>& clones) {
  for (const std::string& path : paths) {
    SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                            CloneIdMapped(path, user_namespace));
    SYSBOX_ASSIGN_OR_RETURN(Fd fd, Duplicate(clone.fd()));
    opened.push_back(std::move(fd));
    clones.push_back(std::move(clone));
  }
  return absl::OkStatus();
}

absl::StatusOr<LayerClones> OnClonesOfTheirOwn(const OverlayLayers& layers,
                                               FdRef user_namespace) {
  LayerClones result;
  SYSBOX_RETURN_IF_ERROR(
      CloneEach(layers.lower, user_namespace, result.lower, result.clones));
  SYSBOX_RETURN_IF_ERROR(CloneEach(layers.data_lower, user_namespace,
                                   result.data_lower, result.clones));
  if (layers.upper.empty()) return result;
  const std::string parent = CommonParent({layers.upper, layers.work});
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone,
                          CloneIdMapped(parent, user_namespace));
  SYSBOX_RETURN_IF_ERROR(OpenUpper(clone.fd(), parent, layers, result),
                         "upper and work directory are not on one mount");
  result.clones.push_back(std::move(clone));
  return result;
}

}  // namespace

absl::StatusOr<LayerClones> CloneLayers(const OverlayLayers& layers,
                                        FdRef user_namespace) {
  auto result = OnOneClone(layers, user_namespace);
  if (ErrnoOf(result.status()) != EXDEV) return result;
  return OnClonesOfTheirOwn(layers, user_namespace);
}

}  // namespace sysbox::mounts
