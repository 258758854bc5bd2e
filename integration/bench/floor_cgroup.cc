#include "integration/bench/floor_cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sysbox::bench {
namespace {

struct Setting {
  const char* controller;
  const char* file;
  const char* value;  // nullptr: the parent's
};

constexpr char kChild[] = "/child";

constexpr Setting kSettingsV1[] = {
    {"memory", "memory.limit_in_bytes", "536870912"},
    {"memory", "memory.memsw.limit_in_bytes", "1073741824"},
    {"cpu", "cpu.shares", "512"},
    {"cpu", "cpu.cfs_period_us", "100000"},
    {"cpu", "cpu.cfs_quota_us", "100000"},
    {"cpuacct", nullptr, nullptr},
    {"cpuset", "cpuset.cpus", nullptr},
    {"cpuset", "cpuset.mems", nullptr},
    {"cpuset", "cgroup.clone_children", "1"},
    {"pids", "pids.max", "512"},
    {"devices", "devices.deny", "a"},
    {"devices", "devices.allow", "c *:* m"},
    {"devices", "devices.allow", "b *:* m"},
    {"devices", "devices.allow", "c 1:3 rwm"},
    {"devices", "devices.allow", "c 1:5 rwm"},
    {"devices", "devices.allow", "c 1:7 rwm"},
    {"devices", "devices.allow", "c 1:8 rwm"},
    {"devices", "devices.allow", "c 1:9 rwm"},
    {"devices", "devices.allow", "c 5:0 rwm"},
    {"devices", "devices.allow", "c 5:1 rwm"},
    {"devices", "devices.allow", "c 5:2 rwm"},
    {"devices", "devices.allow", "c 136:* rwm"},
    {"freezer", nullptr, nullptr},
    {"blkio", nullptr, nullptr},
    {"systemd", nullptr, nullptr},
};
constexpr Setting kSettingsV2[] = {
    {".", "memory.max", "536870912"}, {".", "memory.swap.max", "536870912"},
    {".", "cpu.weight", "20"},        {".", "cpu.max", "100000 100000"},
    {".", "pids.max", "512"},
};

template <typename Visit>
void ForEachSetting(Visit visit) {
  if (IsV2()) {
    for (const Setting& setting : kSettingsV2) visit(setting);
  } else {
    for (const Setting& setting : kSettingsV1) visit(setting);
  }
}

std::string DirectoryOf(const char* controller, const std::string& name) {
  return std::string("/sys/fs/cgroup/") + controller + "/" + name;
}

// After the settings, some of which it takes over.
void MakeChild(const std::string& path, unsigned owner) {
  Check(mkdir(path.c_str(), 0755), path.c_str());
  for (const char* file : {"", "/cgroup.procs", "/tasks"}) {
    Check(chown((path + file).c_str(), owner, owner), "chown cgroup");
  }
}

// Each controller's name once.
std::vector<const char*> Controllers() {
  std::vector<const char*> names;
  ForEachSetting([&](const Setting& setting) {
    if (names.empty() || strcmp(names.back(), setting.controller) != 0) {
      names.push_back(setting.controller);
    }
  });
  return names;
}

void MakeCgroup(const std::string& name) {
  for (const char* controller : Controllers()) {
    mkdir(DirectoryOf(controller, name).c_str(), 0755);
  }
  ForEachSetting([&](const Setting& setting) {
    if (setting.file == nullptr) return;
    const std::string path = DirectoryOf(setting.controller, name);
    const std::string parent = path + "/../" + setting.file;
    const bool inherits = setting.value == nullptr;
    WriteFile(path + "/" + setting.file,
              inherits ? ReadFile(parent) : setting.value,
              /*may_lack=*/true);
  });
}

}  // namespace

bool IsV2() {
  struct statfs fs;
  return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

long Check(long result, const char* what) {
  if (result >= 0) return result;
  perror(what);
  _exit(125);
}

void WriteFile(const std::string& path, const std::string& value,
               bool may_lack) {
  int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT && may_lack) return;
  Check(fd, path.c_str());
  Check(write(fd, value.data(), value.size()), path.c_str());
  close(fd);
}

std::string ReadFile(const std::string& path) {
  std::string text(65536, '\0');
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  Check(fd, path.c_str());
  text.resize(Check(read(fd, text.data(), text.size()), path.c_str()));
  close(fd);
  return text;
}

Cgroup OpenCgroup(const std::string& name, const CgroupKind& kind) {
  Cgroup cgroup;
  if (kind.make) MakeCgroup(name);
  if (IsV2()) {
    cgroup.into =
        Check(open(DirectoryOf(".", name).c_str(), O_DIRECTORY | O_CLOEXEC),
              "open cgroup");
    return cgroup;
  }
  for (const char* controller : Controllers()) {
    std::string path = DirectoryOf(controller, name);
    if (access(path.c_str(), F_OK) != 0) continue;  // not on this host
    if (kind.delegate) path += kChild;
    if (kind.delegate && kind.make) MakeChild(path, kind.owner);
    const int tasks = open((path + "/tasks").c_str(), O_WRONLY | O_CLOEXEC);
    cgroup.tasks.push_back(Check(tasks, "open tasks"));
  }
  return cgroup;
}

void JoinCgroup(const Cgroup& cgroup) {
  for (int fd : cgroup.tasks) Check(write(fd, "0", 1), "join cgroup");
}

void RemoveCgroup(const std::string& name, const CgroupKind& kind) {
  for (const char* controller : Controllers()) {
    const std::string path = DirectoryOf(controller, name);
    if (kind.delegate) rmdir((path + kChild).c_str());
    rmdir(path.c_str());
  }
}

}  // namespace sysbox::bench
