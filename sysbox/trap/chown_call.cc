#include "sysbox/trap/chown_call.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/trap/callers_place.h"

namespace sysbox::trap {
namespace {

constexpr ino_t kSysfsRoot = 1;

absl::StatusOr<Fd> OpenTarget(const TrappedCall& call) {
  const Caller& caller = call.caller;
  const std::string_view name = call.row.name;
  if (name.substr(0, 6) == "fchown" && name != "fchownat") {
    return caller.File(static_cast<int>(caller.arg(0)));
  }
  const bool at = name == "fchownat";
  const int directory = at ? static_cast<int>(caller.arg(0)) : AT_FDCWD;
  SYSBOX_ASSIGN_OR_RETURN(std::string path, caller.ReadPath(at ? 1 : 0));
  const uint64_t flags = at ? caller.arg(4) : 0;
  if (path.empty() && (flags & AT_EMPTY_PATH) != 0) {
    return caller.File(directory);
  }
  const bool follow = at ? (flags & AT_SYMLINK_NOFOLLOW) == 0 : name[0] != 'l';
  return OpenAsCaller(caller, directory, path, follow ? 0 : O_NOFOLLOW);
}

bool IsSysfsRoot(FdRef file) {
  absl::StatusOr<uint64_t> magic = FilesystemMagic(file);
  if (!magic.ok() || *magic != SYSFS_MAGIC) return false;
  absl::StatusOr<struct stat> status = Stat(file);
  return status.ok() && status->st_ino == kSysfsRoot;
}

}  // namespace

Verdict Chown(const TrappedCall& call) {
  absl::StatusOr<Fd> target = OpenTarget(call);
  return target.ok() && IsSysfsRoot(*target) ? Return(0) : LetKernel();
}

}  // namespace sysbox::trap
