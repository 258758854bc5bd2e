// Where the measurements happen.
#ifndef INTEGRATION_BENCH_WORLD_H_
#define INTEGRATION_BENCH_WORLD_H_

#include <string>

namespace sysbox::bench {

struct World {
  std::string scratch;       // a directory on disk
  std::string cgroup;        // a directory below the root of every hierarchy
  std::string null;          // a null device whose owner is nobody's concern
  std::string volatile_dir;  // on a tmpfs that nobody else sees
  bool hid_unified = false;
};

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_WORLD_H_
