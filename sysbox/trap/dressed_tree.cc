#include "sysbox/trap/dressed_tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/close_all.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/trap/callers_place.h"

namespace sysbox::trap {
namespace {

constexpr DressedType kTypes[] = {
    {"proc", "/proc", PROC_SUPER_MAGIC},
    {"sysfs", "/sys", SYSFS_MAGIC},
};

// Invalid if there is none.
absl::StatusOr<Fd> FindPlace(FdRef base, const std::string& path) {
  auto place = OpenBelow(base, path);
  if (ErrnoOf(place.status()) == ENOENT) return Fd();
  return place;
}

// Invalid, too, where something lies already: somebody began, and died.
absl::StatusOr<Fd> FindFreePlace(FdRef base, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(Fd place, FindPlace(base, path));
  if (place.valid() && IsMountRoot(place).value_or(false)) return Fd();
  return place;
}

absl::Status PutOnFreePlace(const DetachedMount& mount, FdRef base,
                            const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd place, FindFreePlace(base, path));
  return place.valid() ? AttachMount(mount, place) : absl::OkStatus();
}

absl::Status PutBelow(const DetachedMount& mount, FdRef base,
                      const std::string& path) {
  absl::Status put = AttachMountBelow(mount, base, path);
  const int error = ErrnoOf(put);
  return error == ENOENT || error == ENOTDIR ? absl::OkStatus() : put;
}

bool IsNative(const Replica& replica) {
  return replica.kind == Replica::Kind::kNative;
}

bool HoldsOthers(const std::vector<Replica>& plan, const Replica& replica) {
  return std::any_of(plan.begin(), plan.end(), [&](const Replica& other) {
    return LiesBelow(other, replica);
  });
}

MountAttributes AllOf(const Replica& replica, bool read_only) {
  MountAttributes attributes = {.propagation = MS_PRIVATE};
  if (read_only || replica.read_only) attributes.set = MOUNT_ATTR_RDONLY;
  return attributes;
}

// Where all get the rest at once. A clone has its original's flags.
MountAttributes WhatIsNotCloned(const Replica& replica, bool) {
  MountAttributes attributes;
  if (IsNative(replica) && replica.read_only) {
    attributes.set = MOUNT_ATTR_RDONLY;
  }
  return attributes;
}

struct OpenedDirectory {
  std::string path;
  Fd fd;
};

// An init that has moved to a user namespace of its own has what lies on its
// mounts locked there: they can be cloned only together.
// No link on the way is followed: what is there may have changed meanwhile.
// `parent`: of the piece before, which is often this one's, too.
absl::StatusOr<DetachedMount> ClonePiece(FdRef base, const std::string& path,
                                         OpenedDirectory* parent) {
  const size_t slash = path.rfind('/');
  const bool deep = slash != std::string::npos;
  if (deep && parent->path != path.substr(0, slash)) {
    parent->path = path.substr(0, slash);
    SYSBOX_ASSIGN_OR_RETURN(parent->fd, OpenBelow(base, parent->path));
  }
  auto entry = CloneEntry(deep ? FdRef(parent->fd) : base,
                          deep ? path.substr(slash + 1) : path);
  if (ErrnoOf(entry.status()) != EINVAL) return entry;
  SYSBOX_ASSIGN_OR_RETURN(const Fd piece, OpenBelow(base, path));
  auto clone = CloneTree(piece, "", /*recursive=*/false);
  if (ErrnoOf(clone.status()) != EINVAL) return clone;
  return CloneAlone(piece, "", /*recursive=*/true);
}

}  // namespace

const DressedType* FindDressedType(std::string_view type) {
  for (const DressedType& row : kTypes) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

const DressedType* FindDressedType(uint64_t magic) {
  for (const DressedType& row : kTypes) {
    if (row.magic == magic) return &row;
  }
  return nullptr;
}

absl::Status MakePrivate(FdRef mount) {
  return SetMountAttributes(mount, {.propagation = MS_PRIVATE},
                            /*recursive=*/true);
}

absl::StatusOr<DetachedMount> CloneAlone(FdRef at, std::string_view path,
                                         bool recursive) {
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount clone, CloneTree(at, path, recursive));
  SYSBOX_RETURN_IF_ERROR(MakePrivate(clone.fd()));
  return clone;
}

absl::StatusOr<Fd> OpenBelow(FdRef base, const std::string& path) {
  auto file = OpenAt2(base, path, {.flags = O_PATH | O_NOFOLLOW},
                      RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
  const int error = ErrnoOf(file.status());
  if (error == ENOTDIR || error == ELOOP) return ErrnoStatus(ENOENT, path);
  return file;
}

absl::StatusOr<Wardrobe> Wardrobe::Open(const Container& container,
                                        const DressedType& type, Fd network) {
  Wardrobe wardrobe;
  wardrobe.network_ = std::move(network);
  Origin& origin = wardrobe.origin_;
  origin.mount_point = type.mount_point;
  SYSBOX_ASSIGN_OR_RETURN(origin.mount_namespace,
                          OpenNamespace(container.init, NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(
      origin.network_namespace,
      OpenNamespace(container.init, NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(
      origin.root, sysbox::Open(fmt::format("/proc/{}/root", container.init),
                                {.flags = O_PATH | O_DIRECTORY}));
  const std::shared_ptr<ReplicaMemory> memory =
      container.replicas != nullptr ? container.replicas
                                    : std::make_shared<ReplicaMemory>();
  SYSBOX_ASSIGN_OR_RETURN(
      wardrobe.plan_,
      memory->Plan(container.init, {origin.mount_namespace, origin.root},
                   type.mount_point, type.type));
  // All of that was init's, if this still is.
  SYSBOX_RETURN_IF_ERROR(
      memory->CheckStillIs(container.init, container.init_start));
  return wardrobe;
}

Wardrobe::~Wardrobe() {
  std::vector<Fd> used = std::move(native_places_);
  for (Piece& piece : pieces_) used.push_back(piece.mount.Release());
  CloseAll(std::move(used));
}

absl::Status Wardrobe::FindNatives(FdRef base) {
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(network_, NamespaceType::kNetwork));
  native_places_.clear();
  for (const Replica& replica : *plan_) {
    Fd& place = native_places_.emplace_back();
    if (!IsNative(replica)) continue;
    SYSBOX_ASSIGN_OR_RETURN(place, FindPlace(base, replica.path));
  }
  return absl::OkStatus();
}

const Replica* Wardrobe::Next(bool native) const {
  if (pieces_.size() == plan_->size()) return nullptr;
  const Replica& next = (*plan_)[pieces_.size()];
  return IsNative(next) == native ? &next : nullptr;
}

absl::StatusOr<bool> Wardrobe::CloneNatives(FdRef mount_namespace) {
  if (Next(/*native=*/true) == nullptr) return true;
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(mount_namespace, NamespaceType::kMount));
  while (const Replica* replica = Next(/*native=*/true)) {
    Piece piece = {*replica, DetachedMount()};
    if (const Fd& place = native_places_[pieces_.size()]; place.valid()) {
      auto clone = CloneTree(place, "", false);
      if (ErrnoOf(clone.status()) == EINVAL) return false;
      SYSBOX_ASSIGN_OR_RETURN(piece.mount, std::move(clone));
    }
    pieces_.push_back(std::move(piece));
  }
  return true;
}

absl::Status Wardrobe::CloneOthers() {
  if (Next(/*native=*/false) == nullptr) return absl::OkStatus();
  SYSBOX_ASSIGN_OR_RETURN(
      Visit network_visit,
      Visit::Enter(origin_.network_namespace, NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(Visit visit, Visit::Enter(origin_.mount_namespace,
                                                    NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd base,
      OpenBelow(origin_.root, std::string(origin_.mount_point.substr(1))));
  OpenedDirectory parent;
  while (const Replica* replica = Next(/*native=*/false)) {
    Piece piece = {*replica, DetachedMount()};
    SYSBOX_ASSIGN_OR_RETURN(piece.mount,
                            ClonePiece(base, replica->path, &parent));
    // What is put on a peer of the original comes over that, too.
    if (HoldsOthers(*plan_, *replica)) {
      SYSBOX_RETURN_IF_ERROR(MakePrivate(piece.mount.fd()));
    }
    pieces_.push_back(std::move(piece));
  }
  return absl::OkStatus();
}

// The kernel lists mounts by age, and who unmounts from the end of the list
// expects what lies on another behind it: hence in the order of the plan.
absl::StatusOr<bool> Wardrobe::Fetch(FdRef base, FdRef mount_namespace) {
  SYSBOX_RETURN_IF_ERROR(FindNatives(base));
  while (pieces_.size() < plan_->size()) {
    SYSBOX_RETURN_IF_ERROR(CloneOthers());
    SYSBOX_ASSIGN_OR_RETURN(const bool possible, CloneNatives(mount_namespace));
    if (!possible) return false;
  }
  return true;
}

absl::Status Wardrobe::PutOn(FdRef base, bool read_only, Attributes attributes,
                             Place place) {
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(network_, NamespaceType::kNetwork));
  for (Piece& piece : pieces_) {
    if (!piece.mount.valid()) continue;
    const MountAttributes wanted = attributes(piece.replica, read_only);
    if (wanted.set != 0 || wanted.propagation != 0) {
      SYSBOX_RETURN_IF_ERROR(
          SetMountAttributes(piece.mount.fd(), wanted, /*recursive=*/true));
    }
    SYSBOX_RETURN_IF_ERROR(place(piece.mount, base, piece.replica.path));
  }
  return absl::OkStatus();
}

absl::Status Wardrobe::Dress(FdRef base, bool read_only) {
  return PutOn(base, read_only, AllOf, PutOnFreePlace);
}

absl::Status Wardrobe::DressNew(FdRef base, bool read_only) {
  SYSBOX_RETURN_IF_ERROR(PutOn(base, read_only, WhatIsNotCloned, PutBelow));
  return SetMountAttributes(base, AllOf({}, read_only), /*recursive=*/true);
}

bool Wardrobe::IsWornBy(FdRef base) const {
  for (const Replica& replica : *plan_) {
    if (IsNative(replica)) continue;
    absl::StatusOr<Fd> place = FindPlace(base, replica.path);
    if (!place.ok() || !place->valid()) continue;
    return IsMountRoot(*place).value_or(false);
  }
  return false;
}

}  // namespace sysbox::trap
