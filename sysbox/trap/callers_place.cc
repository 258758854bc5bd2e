#include "sysbox/trap/callers_place.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sched.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/linux/process.h"

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

absl::Status GoHome() {
  const Home& home = *SharedHome();
  SetFilesystemIds(0, 0);
  SYSBOX_RETURN_IF_ERROR(SetGroups({}));
  SYSBOX_RETURN_IF_ERROR(SetCapabilities(home.capabilities));
  SetUmask(0077);
  return ChangeRoot(home.root);  // which is then its directory, too
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

// The number in "/proc/self/fd/N" and the like; -1 if it is none of them.
int OwnDescriptorIn(std::string_view path) {
  constexpr std::string_view kPrefixes[] = {
      "/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"};
  for (std::string_view prefix : kPrefixes) {
    if (path.substr(0, prefix.size()) != prefix) continue;
    const auto number = ParseUint64(path.substr(prefix.size()));
    if (number && *number <= INT_MAX) return static_cast<int>(*number);
  }
  return -1;
}

}  // namespace

absl::Status PrepareHome() { return SharedHome().status(); }

absl::Status PrepareWorkerThread() {
  SYSBOX_RETURN_IF_ERROR(PrepareHome());
  SYSBOX_RETURN_IF_ERROR(Unshare(CLONE_FS));
  return GoHome();
}

absl::StatusOr<Place> PlaceOf(const Caller& caller, int directory,
                              std::string_view path) {
  Place place;
  SYSBOX_ASSIGN_OR_RETURN(place.identity, caller.Identity());
  SYSBOX_ASSIGN_OR_RETURN(place.root, caller.Root());
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
  SYSBOX_RETURN_IF_ERROR(ChangeRoot(place.root));
  if (place.start.valid()) {
    SYSBOX_RETURN_IF_ERROR(ChangeDirectory(place.start));
  }
  SYSBOX_RETURN_IF_ERROR(SetGroups(place.identity.groups));
  SetUmask(place.identity.umask);
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

InPlace::InPlace(InPlace&& other) noexcept
    : entered_(std::exchange(other.entered_, false)) {}

InPlace::~InPlace() {
  if (entered_) MustSucceed(GoHome());
}

absl::StatusOr<Visit> Visit::Enter(FdRef ns, NamespaceType type) {
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(ns, type));
  return Visit(type);
}

Visit::Visit(Visit&& other) noexcept
    : type_(other.type_), entered_(std::exchange(other.entered_, false)) {}

Visit::~Visit() {
  if (!entered_) return;
  MustSucceed(EnterNamespace(HomeNamespace(type_), type_));
  if (type_ != NamespaceType::kMount) return;
  MustSucceed(ChangeRoot(SharedHome()->root));
}

absl::StatusOr<Fd> OpenAsCaller(const Caller& caller, int directory,
                                std::string_view path, int flags) {
  const int own = OwnDescriptorIn(path);
  if (own >= 0 && (flags & O_NOFOLLOW) == 0) return caller.File(own);
  SYSBOX_ASSIGN_OR_RETURN(Place place, PlaceOf(caller, directory, path));
  const CapabilitySet search = place.identity.Can(CAP_DAC_OVERRIDE) ||
                                       place.identity.Can(CAP_DAC_READ_SEARCH)
                                   ? CapabilitySet{1} << CAP_DAC_READ_SEARCH
                                   : 0;
  SYSBOX_ASSIGN_OR_RETURN(InPlace in_place, InPlace::Enter(place, search));
  return OpenAt2(FdRef::Cwd(), path, {.flags = O_PATH | flags},
                 RESOLVE_NO_MAGICLINKS);
}

absl::StatusOr<Parent> OpenParent(std::string_view path) {
  const size_t slash = path.rfind('/');
  Parent parent;
  parent.name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (parent.name.empty() || parent.name == "." || parent.name == "..") {
    return ErrnoStatus(EINVAL, "path without a last component");
  }
  const std::string_view directory =
      slash == std::string_view::npos ? "." : path.substr(0, slash + 1);
  SYSBOX_ASSIGN_OR_RETURN(
      parent.directory,
      OpenAt2(FdRef::Cwd(), directory, {.flags = O_PATH | O_DIRECTORY},
              RESOLVE_NO_MAGICLINKS));
  return parent;
}

}  // namespace sysbox::trap
