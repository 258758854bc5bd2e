// For tests: a container's cgroup on a host with v1 controllers, and what its
// files say.
#ifndef SYSBOX_CGROUPS_V1_CONTAINER_H_
#define SYSBOX_CGROUPS_V1_CONTAINER_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "catch2/catch.hpp"
#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/test_host.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cgroups {

inline constexpr uint32_t kOwner = 300000;
inline constexpr char kChild[] = "/syscont-cgroup-root";

struct Container {
  std::string path = UniquePath();
  std::unique_ptr<Cgroup> cgroup;
  std::string Dir(const std::string& controller) const {
    return cgroup->Paths().at(controller);
  }
  std::string Read(const std::string& controller, const char* file) const {
    return std::string(Trim(VALUE_OF(ReadFile(Dir(controller) + "/" + file))));
  }
  std::string ReadChild(const std::string& controller, const char* file) const {
    return std::string(
        Trim(VALUE_OF(ReadFile(Dir(controller) + kChild + "/" + file))));
  }
};

inline CgroupOptions OptionsFor(const std::string& path) {
  CgroupOptions options;
  options.container_id = "x";
  options.cgroups_path = path;
  options.owner_uid = options.owner_gid = kOwner;
  return options;
}

inline Container NewContainer() {
  Container container;
  container.cgroup = VALUE_OF(NewCgroup(OptionsFor(container.path)));
  return container;
}

// Ends the test, with a warning, on a host without v1.
#define SKIP_WITHOUT_V1(container)                      \
  if (container.cgroup->unified()) {                    \
    WARN("skipped: cgroup v1 controllers not mounted"); \
    return;                                             \
  }

inline oci::Resources DockerResources() {
  oci::Resources r;
  r.devices = {{false, "", {}, {}, "rwm"}, {true, "c", 1, 5, "rwm"},
               {true, "c", 1, 3, "rwm"},   {true, "c", 1, 9, "rwm"},
               {true, "c", 1, 8, "rwm"},   {true, "c", 5, 0, "rwm"},
               {true, "c", 5, 1, "rwm"},   {false, "c", 10, 229, "rwm"}};
  r.memory.emplace();
  r.memory->limit = 64 << 20;
  r.memory->swap = 128 << 20;
  r.cpu.emplace();
  r.cpu->shares = 512;
  r.cpu->quota = 50000;
  r.cpu->period = 100000;
  r.pids.emplace();
  r.pids->limit = 100;
  r.block_io.emplace();
  r.block_io->weight = 0;
  return r;
}

inline uid_t OwnerOf(const std::string& path) {
  return VALUE_OF(StatAt(FdRef::Cwd(), path)).st_uid;
}

inline bool NothingLeft(const Container& container) {
  for (const auto& [controller, path] : container.cgroup->Paths()) {
    if (Exists(path)) return false;
  }
  return true;
}

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_V1_CONTAINER_H_
