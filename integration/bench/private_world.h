// The mounts of the measurements' own mount namespace.
#ifndef INTEGRATION_BENCH_PRIVATE_WORLD_H_
#define INTEGRATION_BENCH_PRIVATE_WORLD_H_

#include "absl/status/status.h"
#include "integration/bench/world.h"

namespace sysbox::bench {

// To be called as pid 1 of new pid and mount namespaces; fills in `world`.
absl::Status EnterPrivateWorld(World* world);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_PRIVATE_WORLD_H_
