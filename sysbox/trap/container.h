// What interception knows of a container, and what it asks of others. Given by
// the daemon; fakes in tests. Thread-safe.
#ifndef SYSBOX_TRAP_CONTAINER_H_
#define SYSBOX_TRAP_CONTAINER_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox::trap {

struct Memory;  // memory.h

// Settled when its first listener comes.
struct Container {
  std::string id;
  pid_t init = 0;           // host pid
  uint64_t init_start = 0;  // sysbox/linux/process.h StartTimeTicks
  NamespaceId user_namespace;
  std::string rootfs;  // on the host; "": not known
  // Of all its listeners. Null: nothing is remembered.
  std::shared_ptr<Memory> memory;
};

// sysinfo(2)'s numbers, in bytes and its own fixed point.
struct SystemNumbers {
  int64_t uptime = 0;             // seconds
  uint64_t loads[3] = {0, 0, 0};  // 1 << SI_LOAD_SHIFT is 1.0
  uint64_t total_ram = 0;
  uint64_t free_ram = 0;
  uint64_t shared_ram = 0;
  uint64_t buffer_ram = 0;
  uint64_t total_swap = 0;
  uint64_t free_swap = 0;
  uint64_t total_high = 0;
  uint64_t free_high = 0;
  uint16_t processes = 0;
};

class Host {
 public:
  virtual ~Host() = default;
  // The container's own, as `caller` (a thread of it) is to see them.
  virtual absl::StatusOr<SystemNumbers> Numbers(const Container& container,
                                                pid_t caller) = 0;
  // How many CPUs it is shown, by its cpusets and quotas of the moment.
  virtual absl::StatusOr<size_t> CpuCount(const Container& container,
                                          pid_t caller) = 0;
  // Whether the administrator lets containers mount file systems of `type`.
  virtual bool AllowsMount(std::string_view) const { return false; }
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_CONTAINER_H_
