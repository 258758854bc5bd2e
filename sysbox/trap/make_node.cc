#include "sysbox/trap/make_node.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/file.h"
#include "sysbox/trap/callers_place.h"

namespace sysbox::trap {
namespace {

struct Device {
  unsigned int major;
  unsigned int minor;
};
// Documentation/admin-guide/devices.txt.
constexpr Device kHarmless[] = {
    {1, 3},     // null
    {1, 5},     // zero
    {1, 7},     // full
    {1, 8},     // random
    {1, 9},     // urandom
    {5, 0},     // tty
    {5, 1},     // console
    {5, 2},     // ptmx
    {10, 200},  // net/tun: its networks are the namespace's
    {10, 229},  // fuse
};
// The host's log. Who asks for it gets what a container's /dev/kmsg is:
// another /dev/null, a log in which nothing stands.
constexpr uint32_t kKernelLog = 0x10b;  // as the kernel encodes 1:11
constexpr uint32_t kNull = 0x103;

constexpr CapabilitySet Bit(int capability) {
  return CapabilitySet{1} << capability;
}

struct Arguments {
  int directory = AT_FDCWD;
  std::string path;
  mode_t mode = 0;
  uint32_t device = 0;
};

absl::StatusOr<Arguments> ReadArguments(const TrappedCall& call) {
  const int at = call.row.name == "mknodat" ? 1 : 0;
  const Caller& caller = call.caller;
  Arguments arguments;
  if (at == 1) arguments.directory = static_cast<int>(caller.arg(0));
  SYSBOX_ASSIGN_OR_RETURN(arguments.path, caller.ReadPath(at));
  arguments.mode = static_cast<uint16_t>(caller.arg(at + 1));
  arguments.device = static_cast<uint32_t>(caller.arg(at + 2));
  return arguments;
}

dev_t ToUserDevice(uint32_t device) {
  return makedev((device & 0xfff00) >> 8,
                 (device & 0xff) | ((device >> 12) & 0xfff00));
}

dev_t DeviceToMake(uint32_t device) {
  return ToUserDevice(device == kKernelLog ? kNull : device);
}

// Whether the caller may pass over the permissions of `directory`.
absl::StatusOr<bool> Overrides(const TrappedCall& call,
                               const CallerIdentity& identity,
                               FdRef directory) {
  if (!identity.Can(CAP_DAC_OVERRIDE)) return false;
  SYSBOX_ASSIGN_OR_RETURN(struct stat status, Stat(directory));
  SYSBOX_ASSIGN_OR_RETURN(IdMaps maps, call.caller.IdMapsOfNamespace());
  return Knows(maps, status.st_uid, status.st_gid);
}

bool Exists(const Parent& parent) {
  return StatAt(parent.directory, parent.name, AT_SYMLINK_NOFOLLOW).ok();
}

// A predecessor had made it, then died: what is there is what was asked for.
absl::Status AcceptIfMade(const TrappedCall& call, const Parent& parent,
                          const Arguments& arguments, const Place& place) {
  const absl::Status exists = ErrnoStatus(EEXIST, parent.name);
  if (call.progress.earlier() == 0) return exists;
  absl::StatusOr<Fd> node =
      OpenAt(parent.directory, parent.name, {.flags = O_PATH | O_NOFOLLOW});
  if (!node.ok()) return exists;
  absl::StatusOr<struct stat> status = Stat(*node);
  return status.ok() && S_ISCHR(status->st_mode) &&
                 status->st_rdev == DeviceToMake(arguments.device) &&
                 status->st_uid == place.identity.filesystem_uid
             ? absl::OkStatus()
             : exists;
}

// In the place.
absl::Status MakeHere(const TrappedCall& call, const Place& place,
                      const Parent& parent, const Arguments& arguments) {
  if (!call.caller.Waits()) return ErrnoStatus(ESRCH, "caller");
  if (call.progress.earlier() == 0 && !Exists(parent)) call.progress.Note(1);
  const absl::Status made =
      MakeNodeAt(parent.directory, parent.name, arguments.mode,
                 DeviceToMake(arguments.device));
  if (ErrnoOf(made) != EEXIST) return made;
  return AcceptIfMade(call, parent, arguments, place);
}

// Permissions are seldom in the way: what it takes to pass over them is looked
// for when they were.
absl::Status MakeIn(const TrappedCall& call, const Place& place,
                    const Arguments& arguments) {
  absl::StatusOr<Parent> parent;
  {
    SYSBOX_ASSIGN_OR_RETURN(InPlace in_place,
                            InPlace::Enter(place, Bit(CAP_MKNOD)));
    in_place.TakeUmask(place);
    parent = OpenParent(place);
    const absl::Status made = parent.ok()
                                  ? MakeHere(call, place, *parent, arguments)
                                  : parent.status();
    if (ErrnoOf(made) != EACCES) return made;
  }
  if (!parent.ok()) {
    parent = OpenParentByRight(call.caller, place);
    SYSBOX_RETURN_IF_ERROR(parent.status());
  }
  SYSBOX_ASSIGN_OR_RETURN(const bool overrides,
                          Overrides(call, place.identity, parent->directory));
  if (!overrides) return ErrnoStatus(EACCES, parent->name);
  SYSBOX_ASSIGN_OR_RETURN(
      InPlace in_place,
      InPlace::Enter(place, Bit(CAP_MKNOD) | Bit(CAP_DAC_OVERRIDE)));
  in_place.TakeUmask(place);
  return MakeHere(call, place, *parent, arguments);
}

}  // namespace

bool IsHarmlessNode(mode_t mode, uint32_t device) {
  const dev_t number = ToUserDevice(device);
  if (!S_ISCHR(mode)) return false;
  return device == kKernelLog ||
         std::any_of(std::begin(kHarmless), std::end(kHarmless),
                     [number](const Device& harmless) {
                       return makedev(harmless.major, harmless.minor) == number;
                     });
}

Verdict MakeNode(const TrappedCall& call) {
  absl::StatusOr<Arguments> arguments = ReadArguments(call);
  // Also what we cannot read and the kernel may: a page of a file that a
  // process inside serves, which hears nobody from outside.
  if (!arguments.ok()) return LetKernel();
  // The kernel says EPERM, or what is wrong with the path before that.
  if (!IsHarmlessNode(arguments->mode, arguments->device)) return LetKernel();
  absl::StatusOr<Place> place =
      PlaceOf(call.caller, arguments->directory, arguments->path);
  if (!place.ok()) return Fail(place.status(), EPERM);
  if (!place->identity.Can(CAP_MKNOD)) return LetKernel();
  const absl::Status made = MakeIn(call, *place, *arguments);
  if (made.ok()) return Return(0);
  // Paths through magic links (ENOENT, too: there is no /proc/self for us) and
  // odd ends are the kernel's to refuse, and who may not look there is told no
  // more than it tells.
  const int error = ErrnoOf(made);
  if (error == ELOOP || error == EINVAL || error == EACCES || error == ENOENT) {
    return LetKernel();
  }
  return Fail(made, EPERM);
}

}  // namespace sysbox::trap
