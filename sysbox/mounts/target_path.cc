#include "sysbox/mounts/target_path.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "sysbox/base/strings.h"

namespace sysbox::mounts {
namespace {

// Those that runc lets lxcfs and its like cover; binfmt_misc is a file system
// of its own on a directory made for it.
constexpr std::string_view kMayCover[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/fs/binfmt_misc",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
};

}  // namespace

bool IsBelow(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.size() > 1;
  return path.size() > directory.size() + 1 &&
         absl::StartsWith(ToAbsl(path), ToAbsl(directory)) &&
         path[directory.size()] == '/';
}

bool MayCoverInProc(std::string_view path) {
  return std::find(std::begin(kMayCover), std::end(kMayCover), path) !=
         std::end(kMayCover);
}

}  // namespace sysbox::mounts
