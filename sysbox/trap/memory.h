// What interception remembers of a container, for all its listeners.
#ifndef SYSBOX_TRAP_MEMORY_H_
#define SYSBOX_TRAP_MEMORY_H_

#include "sysbox/trap/init_memory.h"
#include "sysbox/trap/replica_memory.h"

namespace sysbox::trap {

// Thread-safe.
struct Memory {
  InitMemory init;
  ReplicaMemory replicas;
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_MEMORY_H_
