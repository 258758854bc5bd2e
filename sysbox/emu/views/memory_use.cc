#include "sysbox/emu/views/memory_use.h"

#include <algorithm>
#include <optional>

#include "sysbox/base/status.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

struct Key {
  std::string_view key;
  uint64_t MemoryUse::*value;
};

constexpr Key kV1Keys[] = {
    {"cache", &MemoryUse::file},
    {"rss", &MemoryUse::anon},
    {"rss_huge", &MemoryUse::anon_huge},
    {"shmem", &MemoryUse::shmem},
    {"mapped_file", &MemoryUse::mapped},
    {"dirty", &MemoryUse::dirty},
    {"writeback", &MemoryUse::writeback},
    {"swap", &MemoryUse::swap},
    {"swapcached", &MemoryUse::swap_cached},
    {"inactive_anon", &MemoryUse::inactive_anon},
    {"active_anon", &MemoryUse::active_anon},
    {"inactive_file", &MemoryUse::inactive_file},
    {"active_file", &MemoryUse::active_file},
    {"unevictable", &MemoryUse::unevictable},
};

constexpr Key kV2Keys[] = {
    {"anon", &MemoryUse::anon},
    {"file", &MemoryUse::file},
    {"kernel_stack", &MemoryUse::kernel_stack},
    {"pagetables", &MemoryUse::page_tables},
    {"sec_pagetables", &MemoryUse::secondary_page_tables},
    {"percpu", &MemoryUse::per_cpu},
    {"vmalloc", &MemoryUse::vmalloc},
    {"shmem", &MemoryUse::shmem},
    {"zswap", &MemoryUse::zswap},
    {"zswapped", &MemoryUse::zswapped},
    {"file_mapped", &MemoryUse::mapped},
    {"file_dirty", &MemoryUse::dirty},
    {"file_writeback", &MemoryUse::writeback},
    {"swapcached", &MemoryUse::swap_cached},
    {"anon_thp", &MemoryUse::anon_huge},
    {"file_thp", &MemoryUse::file_huge},
    {"shmem_thp", &MemoryUse::shmem_huge},
    {"inactive_anon", &MemoryUse::inactive_anon},
    {"active_anon", &MemoryUse::active_anon},
    {"inactive_file", &MemoryUse::inactive_file},
    {"active_file", &MemoryUse::active_file},
    {"unevictable", &MemoryUse::unevictable},
    {"slab_reclaimable", &MemoryUse::slab_reclaimable},
    {"slab_unreclaimable", &MemoryUse::slab_unreclaimable},
};

// v1 knows no "max": its highest number, PAGE_COUNTER_MAX pages, is far above
// any machine's memory and below 2^63.
constexpr uint64_t kV1NoLimit = uint64_t{1} << 62;

absl::StatusOr<uint64_t> ReadNumber(const ResourceGroup& group,
                                    std::string_view file) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          group.Read(Controller::kMemory, file));
  std::string_view rest = text;
  return TakeNumber(&rest);
}

absl::StatusOr<MemoryUse> ReadV1(const ResourceGroup& group) {
  MemoryUse use;
  SYSBOX_ASSIGN_OR_RETURN(const std::string stat,
                          group.Read(Controller::kMemory, "memory.stat"));
  SYSBOX_ASSIGN_OR_RETURN(use.usage,
                          ReadNumber(group, "memory.usage_in_bytes"));
  SYSBOX_ASSIGN_OR_RETURN(use.slab_unreclaimable,
                          ReadNumber(group, "memory.kmem.usage_in_bytes"));
  AddV1MemoryStat(stat, &use);
  return use;
}

absl::StatusOr<MemoryUse> ReadV2(const ResourceGroup& group) {
  MemoryUse use;
  // The hierarchy's root, and a cgroup without the controller, have none.
  SYSBOX_ASSIGN_OR_RETURN(const std::string current,
                          group.Read(Controller::kMemory, "memory.current"));
  if (current.empty()) return use;
  std::string_view rest = current;
  use.usage = TakeNumber(&rest);
  SYSBOX_ASSIGN_OR_RETURN(const std::string stat,
                          group.Read(Controller::kMemory, "memory.stat"));
  AddV2MemoryStat(stat, &use);
  SYSBOX_ASSIGN_OR_RETURN(use.swap, ReadNumber(group, "memory.swap.current"));
  SYSBOX_ASSIGN_OR_RETURN(use.limit,
                          group.LowestLimit(Controller::kMemory, "memory.max"));
  SYSBOX_ASSIGN_OR_RETURN(use.swap_limit, group.LowestLimit(Controller::kMemory,
                                                            "memory.swap.max"));
  return use;
}

}  // namespace

void AddV1MemoryStat(std::string_view stat, MemoryUse* use) {
  std::optional<uint64_t> limit, with_swap;
  KeyFinder<Key> keys(kV1Keys);
  ForEachValue(stat, [&](std::string_view key, uint64_t value) {
    if (key == "hierarchical_memory_limit") limit = value;
    if (key == "hierarchical_memsw_limit") with_swap = value;
    if (!TakePrefix(&key, "total_")) return;
    if (const Key* known = keys.Find(key)) use->*known->value = value;
  });
  use->stat = stat;
  use->counted = limit.has_value();
  if (limit && *limit < kV1NoLimit) use->limit = *limit;
  if (with_swap && *with_swap < kV1NoLimit) {
    use->swap_limit = *with_swap - std::min(*with_swap, use->limit);
  }
}

void AddV2MemoryStat(std::string_view stat, MemoryUse* use) {
  KeyFinder<Key> keys(kV2Keys);
  ForEachValue(stat, [&](std::string_view key, uint64_t value) {
    if (const Key* known = keys.Find(key)) use->*known->value = value;
  });
  use->counted = true;
  use->stat = stat;
}

absl::StatusOr<MemoryUse> ReadMemoryUse(const ResourceGroup& group) {
  return group.Unified(Controller::kMemory) ? ReadV2(group) : ReadV1(group);
}

}  // namespace sysbox::emu::views
