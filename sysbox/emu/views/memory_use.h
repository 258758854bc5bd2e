// A cgroup's memory: limits anywhere up the tree and usage, of v1 and v2
// alike. Bytes.
#ifndef SYSBOX_EMU_VIEWS_MEMORY_USE_H_
#define SYSBOX_EMU_VIEWS_MEMORY_USE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/emu/views/resource_group.h"

namespace sysbox::emu::views {

struct MemoryUse {
  // False: nothing limits or counts it. Then all below is empty.
  bool counted = false;
  uint64_t limit = cgroups::kUnlimited;
  uint64_t usage = 0;  // all of it: page cache and kernel memory, too
  uint64_t swap_limit = cgroups::kUnlimited;  // of swap alone
  uint64_t swap = 0;
  uint64_t swap_cached = 0;
  uint64_t anon = 0;
  uint64_t file = 0;  // page cache with shared memory
  uint64_t shmem = 0;
  uint64_t mapped = 0;
  uint64_t dirty = 0;
  uint64_t writeback = 0;
  uint64_t active_anon = 0;
  uint64_t inactive_anon = 0;
  uint64_t active_file = 0;
  uint64_t inactive_file = 0;
  uint64_t unevictable = 0;
  uint64_t anon_huge = 0;
  uint64_t shmem_huge = 0;
  uint64_t file_huge = 0;
  uint64_t slab_reclaimable = 0;
  uint64_t slab_unreclaimable = 0;  // v1: all kernel memory
  uint64_t kernel_stack = 0;
  uint64_t page_tables = 0;
  uint64_t secondary_page_tables = 0;
  uint64_t per_cpu = 0;
  uint64_t vmalloc = 0;
  uint64_t zswap = 0;
  uint64_t zswapped = 0;
  std::string stat = {};  // memory.stat itself
};

// memory.stat's contents. Pure.
void AddV1MemoryStat(std::string_view stat, MemoryUse* use);
void AddV2MemoryStat(std::string_view stat, MemoryUse* use);

absl::StatusOr<MemoryUse> ReadMemoryUse(const ResourceGroup& group);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_MEMORY_USE_H_
