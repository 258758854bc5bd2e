#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "probe.h"

namespace probe {
namespace {

// Written wherever they are found; a file with a limit of the host's would be
// lifted.
constexpr const char* kLifted[][2] = {
    {"memory.limit_in_bytes", "-1"},
    {"memory.max", "max"},
    {"pids.max", "max"},
    {"cpu.cfs_quota_us", "-1"},
    {"cpu.max", "max"},
    {"devices.allow", "a"},
};

void TryLift(const std::string& directory) {
  for (const auto& [name, value] : kLifted) {
    const std::string path = directory + "/" + name;
    if (access(path.c_str(), F_OK) != 0) continue;
    Report("lift " + path, Write(path, value));
  }
}

void TryReleaseAgent(const std::string& directory) {
  const std::string path = directory + "/release_agent";
  if (access(path.c_str(), F_OK) != 0) return;
  Report("release_agent " + path, Write(path, Read(path)));
  const std::string agent = "/bin/agent";
  Report("release_agent set " + path, Write(path, agent));
}

void TryMount(const char* type, const std::string& options) {
  const std::string at = "/tmp/cgroup-" + (options.empty() ? type : options);
  mkdir(at.c_str(), 0755);
  const int mounted = mount("cgroup", at.c_str(), type, 0, options.c_str());
  Report("mount " + at, mounted);
  if (mounted != 0) return;
  TryLift(at);
  TryLift(at + "/..");
  TryReleaseAgent(at);
  for (const char* file : {"/cgroup.procs", "/tasks"}) {
    Report("processes " + at, Write(at + file, std::to_string(getpid())));
  }
}

}  // namespace

// What is mounted already, then fresh mounts of every hierarchy.
int MountCgroups(const Arguments&) {
  const std::string root = "/sys/fs/cgroup";
  TryLift(root);
  for (const std::string& name : Names(root)) {
    TryLift(root + "/" + name);
    TryLift(root + "/" + name + "/..");
    TryReleaseAgent(root + "/" + name);
  }
  for (const char* controller :
       {"memory", "devices", "pids", "cpu", "freezer", "none,name=attack"}) {
    TryMount("cgroup", controller);
  }
  TryMount("cgroup2", "");
  return 0;
}

int UseMemory(const Arguments& arguments) {
  const size_t size = strtoul(arguments.at(0).c_str(), nullptr, 10) << 20;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  Report("mmap", memory == MAP_FAILED ? -1 : 0);
  if (memory != MAP_FAILED) memset(memory, 1, size);
  Print("used");
  return 0;
}

}  // namespace probe
