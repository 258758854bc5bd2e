#include "sysbox/trap/dressed_tree.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/close_all.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/pid_namespace.h"
#include "sysbox/trap/callers_place.h"
#include "sysbox/trap/memory.h"

namespace sysbox::trap {
namespace {

constexpr DressedType kTypes[] = {
    {"proc", "/proc", PROC_SUPER_MAGIC},
    {"sysfs", "/sys", SYSFS_MAGIC},
};

// A place or what is in it, and no link on the way to it.
constexpr int kPlaceFlags = O_PATH | O_NOFOLLOW;
constexpr uint64_t kPlaceResolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;

// What each pid namespace has of its own, and shows to its processes alone
// (kernel/pid.c, Linux 6.14).
constexpr std::string_view kOfPidNamespace = "sys/kernel/pid_max";

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

// Other clones have their originals' flags.
bool IsReadOnlyNative(const Replica& replica) {
  return IsNative(replica) && replica.read_only;
}

MountAttributes AllOf(const Replica& replica, bool read_only) {
  MountAttributes attributes = {.propagation = MS_PRIVATE};
  if (read_only || IsReadOnlyNative(replica)) {
    attributes.set = MOUNT_ATTR_RDONLY;
  }
  return attributes;
}

// Where all get the rest at once.
MountAttributes WhatIsNotCloned(const Replica& replica, bool) {
  MountAttributes attributes;
  if (IsReadOnlyNative(replica)) attributes.set = MOUNT_ATTR_RDONLY;
  return attributes;
}

struct OpenedDirectory {
  std::string path;
  FdRef fd;
};

// An init that has moved to a user namespace of its own has what lies on its
// mounts locked there: they can be cloned only together.
// No link on the way is followed: what is there may have changed meanwhile.
// `parent`: of the piece before, which is often this one's, too; of those in
// `used`.
absl::StatusOr<DetachedMount> ClonePiece(FdRef base, const std::string& path,
                                         bool whole, OpenedDirectory* parent,
                                         std::vector<Fd>* used) {
  const size_t slash = path.rfind('/');
  const bool deep = slash != std::string::npos;
  if (deep && parent->path != path.substr(0, slash)) {
    parent->path = path.substr(0, slash);
    SYSBOX_ASSIGN_OR_RETURN(Fd opened, OpenBelow(base, parent->path));
    parent->fd = used->emplace_back(std::move(opened));
  }
  auto entry = CloneEntry(deep ? parent->fd : base,
                          deep ? path.substr(slash + 1) : path, whole);
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
  auto file = OpenAt2(base, path, {.flags = kPlaceFlags}, kPlaceResolve);
  const int error = ErrnoOf(file.status());
  if (error == ENOTDIR || error == ELOOP) return ErrnoStatus(ENOENT, path);
  return file;
}

absl::Status Wardrobe::MakePlan(const Container& container,
                                const DressedType& type) {
  ReplicaMemory own;
  ReplicaMemory& memory =
      container.memory != nullptr ? container.memory->replicas : own;
  absl::StatusOr<Fd> origin =
      OpenBelow(init_->root, std::string(type.mount_point.substr(1)));
  if (ErrnoOf(origin.status()) == ENOENT) {
    plan_ = std::make_shared<const std::vector<Replica>>();
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(origin_, std::move(origin));
  SYSBOX_ASSIGN_OR_RETURN(
      plan_, memory.Plan(init_, origin_, type.mount_point, type.type));
  return absl::OkStatus();
}

absl::StatusOr<Wardrobe> Wardrobe::Open(const Container& container,
                                        const DressedType& type,
                                        const Standing& standing) {
  Wardrobe wardrobe(standing);
  wardrobe.init_ = standing.init;
  SYSBOX_RETURN_IF_ERROR(wardrobe.MakePlan(container, type));
  if (wardrobe.empty()) {
    // It may have gone elsewhere, and have some there.
    SYSBOX_ASSIGN_OR_RETURN(wardrobe.init_, FindInit(container));
    SYSBOX_RETURN_IF_ERROR(wardrobe.MakePlan(container, type));
  }
  wardrobe.together_ = standing.network.id == wardrobe.init_->network.id &&
                       standing.pids.id == wardrobe.init_->pids.id;
  wardrobe.ChooseSeparate();
  return wardrobe;
}

void Wardrobe::ChooseSeparate() {
  separate_.clear();
  for (const Replica& replica : *plan_) {
    if (together_ && replica.comes_along) continue;
    separate_.push_back(&replica);
  }
}

void Wardrobe::TakeApart() {
  together_ = false;
  ChooseSeparate();
}

Wardrobe::~Wardrobe() {
  std::vector<Fd> used = std::move(used_);
  std::move(native_places_.begin(), native_places_.end(),
            std::back_inserter(used));
  for (Piece& piece : pieces_) used.push_back(piece.mount.Release());
  CloseAll(std::move(used));
}

absl::StatusOr<Fd> Wardrobe::FindInPidNamespace(FdRef base,
                                                const std::string& path) const {
  // Who looks at the process there finds the wearer's mounts in it.
  SYSBOX_ASSIGN_OR_RETURN(
      Visit visit, Visit::Enter(standing_->mounts, NamespaceType::kMount));
  absl::StatusOr<Fd> place = OpenBelowInPidNamespace(
      standing_->pids.fd, base, path, kPlaceFlags, kPlaceResolve);
  switch (ErrnoOf(place.status())) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EAGAIN:  // no process more: what covers it will do
    case ENOMEM:
      return Fd();
    default:
      return place;
  }
}

absl::Status Wardrobe::FindNatives(FdRef base) {
  native_places_.clear();
  native_places_.resize(separate_.size());
  if (std::none_of(separate_.begin(), separate_.end(),
                   [](const Replica* replica) { return IsNative(*replica); })) {
    return absl::OkStatus();
  }
  SYSBOX_ASSIGN_OR_RETURN(
      Visit visit, Visit::Enter(standing_->network, NamespaceType::kNetwork));
  for (size_t i = 0; i < separate_.size(); ++i) {
    if (!IsNative(*separate_[i])) continue;
    const std::string& path = separate_[i]->path;
    SYSBOX_ASSIGN_OR_RETURN(native_places_[i],
                            path == kOfPidNamespace
                                ? FindInPidNamespace(base, path)
                                : FindPlace(base, path));
  }
  return absl::OkStatus();
}

const Replica* Wardrobe::Next(bool native) const {
  if (pieces_.size() == separate_.size()) return nullptr;
  const Replica* next = separate_[pieces_.size()];
  return IsNative(*next) == native ? next : nullptr;
}

absl::StatusOr<bool> Wardrobe::CloneNatives() {
  if (Next(/*native=*/true) == nullptr) return true;
  SYSBOX_ASSIGN_OR_RETURN(
      Visit visit, Visit::Enter(standing_->mounts, NamespaceType::kMount));
  while (const Replica* replica = Next(/*native=*/true)) {
    Piece piece = {replica, DetachedMount()};
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
      Visit::Enter(init_->network, NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(Visit visit,
                          Visit::Enter(init_->mounts, NamespaceType::kMount));
  OpenedDirectory parent = {.path = "", .fd = origin_};
  while (const Replica* replica = Next(/*native=*/false)) {
    Piece piece = {replica, DetachedMount()};
    const bool whole = together_ && replica->whole;
    SYSBOX_ASSIGN_OR_RETURN(piece.mount, ClonePiece(origin_, replica->path,
                                                    whole, &parent, &used_));
    // What is put on a peer of the original comes over that, too.
    if (replica->holds_others && !whole) {
      SYSBOX_RETURN_IF_ERROR(MakePrivate(piece.mount.fd()));
    }
    pieces_.push_back(std::move(piece));
  }
  return absl::OkStatus();
}

// The kernel lists mounts by age, and who unmounts from the end of the list
// expects what lies on another behind it: hence in the order of the plan.
absl::StatusOr<bool> Wardrobe::Fetch(FdRef base) {
  SYSBOX_RETURN_IF_ERROR(FindNatives(base));
  while (pieces_.size() < separate_.size()) {
    SYSBOX_RETURN_IF_ERROR(CloneOthers());
    SYSBOX_ASSIGN_OR_RETURN(const bool possible, CloneNatives());
    if (!possible) return false;
  }
  return true;
}

absl::Status Wardrobe::PutOn(FdRef base, bool read_only, Attributes attributes,
                             Place place) {
  SYSBOX_ASSIGN_OR_RETURN(
      Visit visit, Visit::Enter(standing_->network, NamespaceType::kNetwork));
  for (Piece& piece : pieces_) {
    if (!piece.mount.valid()) continue;
    const MountAttributes wanted = attributes(*piece.replica, read_only);
    if (wanted.set != 0 || wanted.propagation != 0) {
      SYSBOX_RETURN_IF_ERROR(
          SetMountAttributes(piece.mount.fd(), wanted, /*recursive=*/true));
    }
    SYSBOX_RETURN_IF_ERROR(place(piece.mount, base, piece.replica->path));
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
