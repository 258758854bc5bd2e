// Trapped calls one after the other, each checked to have been done once, for
// a test that kills those who answer them.
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "probe.h"
#include "races.h"

namespace probe {
namespace {

constexpr int64_t kSlow = 500000000;

// Says what fails, and what takes long: "SLOW CALL START END", on the clock
// that the host has, too.
template <typename Body>
long Timed(const char* call, int expected, Body body) {
  const int64_t start = Nanoseconds();
  errno = 0;
  const long result = body();
  const int error = errno;
  const int64_t end = Nanoseconds();
  if (error != expected) {
    Print(std::string("FAIL ") + call + " " + strerrorname_np(error));
  }
  if (end - start > kSlow) {
    Print(std::string("SLOW ") + call + " " + std::to_string(start) + " " +
          std::to_string(end));
  }
  return result;
}

bool IsProcfs(const std::string& path) {
  struct statfs status;
  return statfs(path.c_str(), &status) == 0 &&
         status.f_type == PROC_SUPER_MAGIC;
}

void OneRound(const std::string& place, const std::string& node) {
  const char* at = place.c_str();
  Timed("mount", 0, [&] { return mount("steady", at, "proc", 0, nullptr); });
  if (!IsProcfs(place)) Print("FAIL not mounted");
  if (Read(place + "/uptime").empty()) Print("FAIL not dressed");
  Timed("umount", 0, [&] { return umount2(at, 0); });
  // Neither was it mounted twice, nor does a second answer take another's.
  Timed("umount again", EINVAL, [&] { return umount2(at, 0); });
  Timed("mknod", 0,
        [&] { return mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 3)); });
  if (unlink(node.c_str()) != 0) Print("FAIL no node");
  struct sysinfo numbers = {};
  Timed("sysinfo", 0, [&] { return sysinfo(&numbers); });
  if (numbers.totalram == 0) Print("FAIL no numbers");
}

}  // namespace

// Until /tmp/stop exists. A line each hundred rounds.
int CallSteadily(const Arguments&) {
  const std::string place = "/tmp/steady";
  mkdir(place.c_str(), 0755);
  long rounds = 0;
  while (access("/tmp/stop", F_OK) != 0) {
    OneRound(place, "/tmp/node");
    if (++rounds % 100 == 0) Print("ROUNDS " + std::to_string(rounds));
  }
  Print("END " + std::to_string(rounds));
  return 0;
}

}  // namespace probe
