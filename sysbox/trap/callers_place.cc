#include "sysbox/trap/callers_place.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/process_attributes.h"
#include "sysbox/linux/seen_file.h"
#include "sysbox/trap/own_path.h"

namespace sysbox::trap {
namespace {

// What worker threads come back to.
struct Home {
  Fd root;
  Fd mount_namespace;
  Fd network_namespace;
  CapabilitySets capabilities;
};

absl::StatusOr<Home> OpenHome() {
  Home home;
  SYSBOX_ASSIGN_OR_RETURN(home.root, Open("/", {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(home.mount_namespace,
                          OpenOwnNamespace(NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(home.network_namespace,
                          OpenOwnNamespace(NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(home.capabilities, OwnCapabilities());
  return home;
}

// One for the process, for good.
const absl::StatusOr<Home>& SharedHome() {
  static const auto* const home = new absl::StatusOr<Home>(OpenHome());
  return *home;
}

absl::Status GoHome(const Taken& taken) {
  const Home& home = *SharedHome();
  SetFilesystemIds(0, 0);
  if (taken.groups) SYSBOX_RETURN_IF_ERROR(SetGroups({}));
  SYSBOX_RETURN_IF_ERROR(SetCapabilities(home.capabilities));
  if (taken.umask) SetUmask(0077);
  // Which is then its directory, too.
  return taken.root ? ChangeRoot(home.root) : absl::OkStatus();
}

// A thread that is stuck in a container must not go on as the host's.
void MustSucceed(const absl::Status& left) {
  if (left.ok()) return;
  Log(LogLevel::kFatal, "leave a caller's place: {}", MessageOf(left));
  std::abort();
}

FdRef HomeNamespace(NamespaceType type) {
  const Home& home = *SharedHome();
  return type == NamespaceType::kMount ? home.mount_namespace
                                       : home.network_namespace;
}

void Leave(NamespaceType type) {
  MustSucceed(EnterNamespace(HomeNamespace(type), type));
  if (type != NamespaceType::kMount) return;
  MustSucceed(ChangeRoot(SharedHome()->root));
}

// The calling thread's, if it is on one.
thread_local Stay* stay = nullptr;

struct SplitPath {
  std::string_view directory;
  std::string_view name;
};

absl::StatusOr<SplitPath> Split(std::string_view path) {
  const size_t slash = path.rfind('/');
  const SplitPath split =
      slash == std::string_view::npos
          ? SplitPath{".", path}
          : SplitPath{path.substr(0, slash + 1), path.substr(slash + 1)};
  if (!split.name.empty() && split.name != "." && split.name != "..") {
    return split;
  }
  return ErrnoStatus(EINVAL, "path without a last component");
}

// A path from the root needs no chroot(2): the kernel keeps it below `root`.
bool IsFromRoot(const Place& place) { return !place.start.valid(); }

// In the place.
absl::StatusOr<Fd> OpenHere(const Place& place, std::string_view path,
                            int flags) {
  const bool from_root = IsFromRoot(place);
  return OpenAt2(from_root ? FdRef(place.root) : FdRef::Cwd(), path,
                 {.flags = O_PATH | flags},
                 RESOLVE_NO_MAGICLINKS | (from_root ? RESOLVE_IN_ROOT : 0));
}

absl::StatusOr<bool> IsSame(FdRef a, FdRef b) {
  SYSBOX_ASSIGN_OR_RETURN(const SeenFile seen_a, SeeFile(a));
  SYSBOX_ASSIGN_OR_RETURN(const SeenFile seen_b, SeeFile(b));
  return seen_a == seen_b;
}

// `directory` and those above it, up to `root`; up to the host's, if it was
// moved out of there.
absl::StatusOr<std::vector<Fd>> UpToRoot(FdRef directory, FdRef root) {
  constexpr size_t kMaxDepth = 256;
  std::vector<Fd> all;
  SYSBOX_ASSIGN_OR_RETURN(
      Fd next, OpenAt2(directory, ".", {.flags = O_PATH | O_DIRECTORY}, 0));
  while (all.size() < kMaxDepth) {
    all.push_back(std::move(next));
    SYSBOX_ASSIGN_OR_RETURN(const bool arrived, IsSame(all.back(), root));
    if (arrived) return all;
    SYSBOX_ASSIGN_OR_RETURN(
        next, OpenAt2(all.back(), "..", {.flags = O_PATH | O_DIRECTORY}, 0));
    SYSBOX_ASSIGN_OR_RETURN(const bool top, IsSame(all.back(), next));
    if (top) return all;
  }
  return ErrnoStatus(EACCES, "path");
}

// With no more than the ids' rights, in the place.
absl::Status CheckMaySearch(const std::vector<Fd>& directories,
                            const IdMaps& maps) {
  for (const Fd& directory : directories) {
    SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(directory));
    if (Knows(maps, status.st_uid, status.st_gid)) continue;
    SYSBOX_RETURN_IF_ERROR(
        OpenAt2(directory, ".", {.flags = O_PATH}, 0).status());
  }
  return absl::OkStatus();
}

// Not in the place.
absl::StatusOr<Fd> OpenDirectoryByRight(const Caller& caller,
                                        const Place& place,
                                        std::string_view path) {
  const absl::Status refused = ErrnoStatus(EACCES, path);
  if (!place.identity.Can(CAP_DAC_OVERRIDE) &&
      !place.identity.Can(CAP_DAC_READ_SEARCH)) {
    return refused;
  }
  SYSBOX_ASSIGN_OR_RETURN(const IdMaps maps, caller.IdMapsOfNamespace());
  SYSBOX_ASSIGN_OR_RETURN(
      InPlace in_place,
      InPlace::Enter(place, CapabilitySet{1} << CAP_DAC_READ_SEARCH));
  absl::StatusOr<Fd> directory = OpenHere(place, path, O_DIRECTORY);
  if (!directory.ok()) return refused;
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<Fd> all,
                          UpToRoot(*directory, place.root));
  SYSBOX_RETURN_IF_ERROR(in_place.Keep(0));
  SYSBOX_RETURN_IF_ERROR(CheckMaySearch(all, maps));
  return directory;
}

}  // namespace

absl::Status PrepareHome() { return SharedHome().status(); }

absl::Status PrepareWorkerThread() {
  SYSBOX_RETURN_IF_ERROR(PrepareHome());
  SYSBOX_RETURN_IF_ERROR(Unshare(CLONE_FS));
  return GoHome({.root = true, .groups = true, .umask = true});
}

absl::StatusOr<Place> PlaceOf(const Caller& caller, int directory,
                              std::string_view path) {
  Place place;
  place.path = path;
  SYSBOX_ASSIGN_OR_RETURN(place.identity, caller.Identity());
  SYSBOX_ASSIGN_OR_RETURN(place.root, caller.Root());
  const OwnPath own = SplitOwnPath(path);
  if (!own.rest.empty()) {
    place.path = own.rest;
    SYSBOX_ASSIGN_OR_RETURN(place.start, OpenOwn(caller, own.link));
    return place;
  }
  if (path.substr(0, 1) == "/") return place;
  if (directory == AT_FDCWD) {
    SYSBOX_ASSIGN_OR_RETURN(place.start, caller.WorkingDirectory());
  } else {
    SYSBOX_ASSIGN_OR_RETURN(place.start, caller.File(directory));
  }
  return place;
}

absl::StatusOr<InPlace> InPlace::Enter(const Place& place, CapabilitySet keep) {
  InPlace in_place;  // leaves again, however far we get
  if (!IsFromRoot(place)) {
    in_place.taken_.root = true;
    SYSBOX_RETURN_IF_ERROR(ChangeRoot(place.root));
    SYSBOX_RETURN_IF_ERROR(ChangeDirectory(place.start));
  }
  if (!place.identity.groups.empty()) {
    in_place.taken_.groups = true;
    SYSBOX_RETURN_IF_ERROR(SetGroups(place.identity.groups));
  }
  // Takes the capabilities on files out of the effective set, unless the ids
  // are 0: then they go by hand.
  SetFilesystemIds(place.identity.filesystem_uid,
                   place.identity.filesystem_gid);
  SYSBOX_RETURN_IF_ERROR(in_place.Keep(keep));
  return in_place;
}

absl::Status InPlace::Keep(CapabilitySet keep) {
  CapabilitySets sets = SharedHome()->capabilities;
  constexpr CapabilitySet kKept = CapabilitySet{1} << CAP_SYS_CHROOT |
                                  CapabilitySet{1} << CAP_SETUID |
                                  CapabilitySet{1} << CAP_SETGID;
  sets.effective = (keep | kKept) & sets.permitted;
  return SetCapabilities(sets);
}

void InPlace::TakeUmask(const Place& place) {
  taken_.umask = true;
  SetUmask(place.identity.umask);
}

InPlace::InPlace(InPlace&& other) noexcept
    : entered_(std::exchange(other.entered_, false)), taken_(other.taken_) {}

InPlace::~InPlace() {
  if (entered_) MustSucceed(GoHome(taken_));
}

absl::StatusOr<Visit> Visit::Enter(const KnownNamespace& ns,
                                   NamespaceType type) {
  if (stay == nullptr) return Enter(ns.fd, type);
  Visit visit(type);
  visit.entered_ = false;  // the stay's to leave
  SYSBOX_RETURN_IF_ERROR(stay->Go(ns.fd, ns.id, type));
  return visit;
}

absl::StatusOr<Visit> Visit::Enter(FdRef ns, NamespaceType type) {
  Visit visit(type);
  if (stay != nullptr) {
    visit.entered_ = false;
    SYSBOX_ASSIGN_OR_RETURN(const NamespaceId id, IdOf(ns));
    SYSBOX_RETURN_IF_ERROR(stay->Go(ns, id, type));
    return visit;
  }
  const absl::Status entered = EnterNamespace(ns, type);
  visit.entered_ = entered.ok();
  SYSBOX_RETURN_IF_ERROR(entered);
  return visit;
}

Visit::Visit(Visit&& other) noexcept
    : type_(other.type_), entered_(std::exchange(other.entered_, false)) {}

Visit::~Visit() {
  if (entered_) Leave(type_);
}

Stay::Stay() { stay = this; }

Stay::~Stay() {
  stay = nullptr;
  if (network_) Leave(NamespaceType::kNetwork);
  if (mount_) Leave(NamespaceType::kMount);
}

absl::Status Stay::Go(FdRef ns, const NamespaceId& id, NamespaceType type) {
  std::optional<NamespaceId>& at =
      type == NamespaceType::kMount ? mount_ : network_;
  if (at == id) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(ns, type));
  at = id;
  return absl::OkStatus();
}

absl::StatusOr<Fd> OpenAsCaller(const Caller& caller, int directory,
                                std::string_view path, int flags) {
  const OwnPath own = SplitOwnPath(path);
  if (!own.link.empty() && own.rest.empty() && (flags & O_NOFOLLOW) == 0) {
    return OpenOwn(caller, own.link);
  }
  SYSBOX_ASSIGN_OR_RETURN(const Place place, PlaceOf(caller, directory, path));
  {
    SYSBOX_ASSIGN_OR_RETURN(InPlace in_place, InPlace::Enter(place, 0));
    absl::StatusOr<Fd> file = OpenHere(place, place.path, flags);
    if (ErrnoOf(file.status()) != EACCES) return file;
  }
  absl::StatusOr<Fd> found = OpenDirectoryByRight(caller, place, place.path);
  if (found.ok() || (flags & O_DIRECTORY) != 0) return found;
  SYSBOX_ASSIGN_OR_RETURN(const Parent parent,
                          OpenParentByRight(caller, place));
  SYSBOX_ASSIGN_OR_RETURN(Fd file, OpenAt2(parent.directory, parent.name,
                                           {.flags = O_PATH | O_NOFOLLOW}, 0));
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(file));
  if (!S_ISLNK(status.st_mode) || (flags & O_NOFOLLOW) != 0) return file;
  return ErrnoStatus(EACCES, path);
}

absl::StatusOr<Parent> OpenParent(const Place& place) {
  SYSBOX_ASSIGN_OR_RETURN(const SplitPath split, Split(place.path));
  Parent parent;
  parent.name = split.name;
  SYSBOX_ASSIGN_OR_RETURN(parent.directory,
                          OpenHere(place, split.directory, O_DIRECTORY));
  return parent;
}

absl::StatusOr<Parent> OpenParentByRight(const Caller& caller,
                                         const Place& place) {
  SYSBOX_ASSIGN_OR_RETURN(const SplitPath split, Split(place.path));
  Parent parent;
  parent.name = split.name;
  SYSBOX_ASSIGN_OR_RETURN(parent.directory,
                          OpenDirectoryByRight(caller, place, split.directory));
  return parent;
}

}  // namespace sysbox::trap
