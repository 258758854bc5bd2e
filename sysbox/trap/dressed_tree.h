// A procfs or sysfs with the container's emulated files over it. The worker
// thread goes where it must and comes back.
#ifndef SYSBOX_TRAP_DRESSED_TREE_H_
#define SYSBOX_TRAP_DRESSED_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/trap/container.h"
#include "sysbox/trap/init_memory.h"
#include "sysbox/trap/replica_memory.h"
#include "sysbox/trap/replicas.h"
#include "sysbox/trap/standing.h"

namespace sysbox::trap {

// The two kinds of file systems that are dressed.
struct DressedType {
  std::string_view type;         // "proc"
  std::string_view mount_point;  // of the container's own, "/proc"
  uint64_t magic;                // statfs(2)'s
};
// nullptr for any other type or magic.
const DressedType* FindDressedType(std::string_view type);
const DressedType* FindDressedType(uint64_t magic);

// An O_PATH descriptor of `path` below `base`, no symlink followed; ENOENT if
// there is none.
absl::StatusOr<Fd> OpenBelow(FdRef base, const std::string& path);

// CloneTree, but no peer of its original: where mounts are shared, what is put
// over a peer comes over the original, too.
absl::StatusOr<DetachedMount> CloneAlone(FdRef at, std::string_view path,
                                         bool recursive);
absl::Status MakePrivate(FdRef mount);

// What lies over the container's own file system of a type. Nothing at all if
// the container has none, or has taken everything away.
class Wardrobe {
 public:
  // `standing`: who is to wear it; outlives the wardrobe. Each network
  // namespace has directories of its own below /proc/sys/net, each pid
  // namespace a pid_max: from within it is found what is put over them, or
  // shown.
  static absl::StatusOr<Wardrobe> Open(const Container& container,
                                       const DressedType& type,
                                       const Standing& standing);
  Wardrobe(Wardrobe&&) = default;
  Wardrobe& operator=(Wardrobe&&) = delete;
  ~Wardrobe();
  bool empty() const { return plan_->empty(); }
  const std::vector<Replica>& plan() const { return *plan_; }
  // Whether what lies on a piece is cloned along with it: if the natives there
  // are the wearer's, too. The kernel locks it then where the user namespace of
  // the thread's mount namespace is another than when `base` was made.
  bool together() const { return together_; }
  void TakeApart();  // each by itself

  // Clones all of it for `base`, the root of a file system of the same type,
  // which has to be there first, so that all are younger. To let go of what is
  // then not used takes a grace period of the kernel's for each: only when it
  // is known to be needed. False before Linux 6.15 if `base` is not attached in
  // the wearer's mount namespace but detached: then once more when it is.
  absl::StatusOr<bool> Fetch(FdRef base);
  // Puts what was fetched over `base`; all read-only if `read_only`. What
  // `base` has no place for is left out, and where something lies already,
  // nothing is put. Before Linux 6.15 `base` must be attached in the thread's
  // mount namespace, after that it may also be detached there: else EINVAL, and
  // nothing is used up.
  absl::Status Dress(FdRef base, bool read_only);
  // Likewise, over a detached `base` that nobody else has, and on which nothing
  // lies yet.
  absl::Status DressNew(FdRef base, bool read_only);
  // Whether something of it lies over `base` already.
  bool IsWornBy(FdRef base) const;

 private:
  explicit Wardrobe(const Standing& standing) : standing_(&standing) {}
  struct Piece {
    const Replica* replica;
    DetachedMount mount;  // natives are cloned from the base
  };
  absl::Status MakePlan(const Container& container, const DressedType& type);
  using Place = absl::Status (*)(const DetachedMount& mount, FdRef base,
                                 const std::string& path);
  void ChooseSeparate();
  // As the wearer's pid namespace has it; invalid if that has none, or no room
  // for a process that looks.
  absl::StatusOr<Fd> FindInPidNamespace(FdRef base,
                                        const std::string& path) const;
  // Where they are on `base` while nothing covers them.
  absl::Status FindNatives(FdRef base);
  // What is to be cloned next, if it is `native`, or is not.
  const Replica* Next(bool native) const;
  // As many as are next. False: as Fetch.
  absl::StatusOr<bool> CloneNatives();
  absl::Status CloneOthers();
  // Before each is put anywhere, what it is to be.
  using Attributes = MountAttributes (*)(const Replica& replica,
                                         bool read_only);
  absl::Status PutOn(FdRef base, bool read_only, Attributes attributes,
                     Place place);
  const Standing* standing_;
  InitPlacePtr init_;
  Fd origin_;  // what is at the mount point there
  ReplicaPlan plan_;
  bool together_ = false;                 // what is whole is cloned as such
  std::vector<const Replica*> separate_;  // of the plan: to be cloned
  std::vector<Fd> native_places_;         // as separate_; invalid: none
  std::vector<Piece> pieces_;             // of separate ones, as far as cloned
  std::vector<Fd> used_;                  // to be closed with them
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_DRESSED_TREE_H_
