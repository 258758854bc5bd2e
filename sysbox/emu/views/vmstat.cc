#include "sysbox/emu/views/vmstat.h"

#include <unistd.h>

#include <map>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/io_use.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/emu/views/meminfo.h"

namespace sysbox::emu::views {
namespace {

// Lines in pages. Kernel stacks are in KiB.
struct Key {
  std::string_view key;
  uint64_t MemoryUse::*bytes;
};
constexpr Key kPages[] = {
    {"nr_zone_inactive_anon", &MemoryUse::inactive_anon},
    {"nr_zone_active_anon", &MemoryUse::active_anon},
    {"nr_zone_inactive_file", &MemoryUse::inactive_file},
    {"nr_zone_active_file", &MemoryUse::active_file},
    {"nr_zone_unevictable", &MemoryUse::unevictable},
    {"nr_inactive_anon", &MemoryUse::inactive_anon},
    {"nr_active_anon", &MemoryUse::active_anon},
    {"nr_inactive_file", &MemoryUse::inactive_file},
    {"nr_active_file", &MemoryUse::active_file},
    {"nr_unevictable", &MemoryUse::unevictable},
    {"nr_mlock", &MemoryUse::unevictable},
    {"nr_slab_reclaimable", &MemoryUse::slab_reclaimable},
    {"nr_slab_unreclaimable", &MemoryUse::slab_unreclaimable},
    {"nr_anon_pages", &MemoryUse::anon},
    {"nr_mapped", &MemoryUse::mapped},
    {"nr_file_pages", &MemoryUse::file},
    {"nr_dirty", &MemoryUse::dirty},
    {"nr_writeback", &MemoryUse::writeback},
    {"nr_shmem", &MemoryUse::shmem},
    {"nr_page_table_pages", &MemoryUse::page_tables},
    {"nr_sec_page_table_pages", &MemoryUse::secondary_page_tables},
    {"nr_swapcached", &MemoryUse::swap_cached},
};

std::map<std::string_view, uint64_t> Values(const VmstatInput& input) {
  std::map<std::string_view, uint64_t> values;
  ForEachValue(input.memory.stat, [&](std::string_view key, uint64_t value) {
    // v1's plain lines are without the cgroups below; v2 has them only.
    (void)TakePrefix(&key, "total_");
    values[key] = value;
  });
  for (const Key& key : kPages) {
    values[key.key] = input.memory.*key.bytes / input.page_bytes;
  }
  values["nr_free_pages"] = input.free_bytes / input.page_bytes;
  values["nr_kernel_stack"] = input.memory.kernel_stack / 1024;
  values["nr_zone_write_pending"] =
      (input.memory.dirty + input.memory.writeback) / input.page_bytes;
  // v1's memory.stat has pages charged under these names.
  values["pgpgin"] = input.read_bytes / 1024;
  values["pgpgout"] = input.written_bytes / 1024;
  values["oom_kill"] = input.oom_kills;
  return values;
}

absl::StatusOr<uint64_t> ReadOomKills(const ResourceGroup& group) {
  const bool unified = group.Unified(Controller::kMemory);
  SYSBOX_ASSIGN_OR_RETURN(
      const std::string text,
      group.Read(Controller::kMemory,
                 unified ? "memory.events" : "memory.oom_control"));
  return cgroups::FlatKeyedValue(text, "oom_kill").value_or(0);
}

absl::StatusOr<std::string> Make(const GroupView& view) {
  SYSBOX_ASSIGN_OR_RETURN(auto host, view.host.Read(HostFile::kVmstat));
  SYSBOX_ASSIGN_OR_RETURN(auto meminfo, view.host.Read(HostFile::kMeminfo));
  VmstatInput input;
  input.page_bytes = static_cast<uint64_t>(getpagesize());
  SYSBOX_ASSIGN_OR_RETURN(input.memory, ReadMemoryUse(view.group));
  SYSBOX_ASSIGN_OR_RETURN(const IoUseMap devices, ReadIoUse(view.group));
  SYSBOX_ASSIGN_OR_RETURN(input.oom_kills, ReadOomKills(view.group));
  for (const auto& [device, io] : devices) {
    input.read_bytes += io.read_bytes;
    input.written_bytes += io.written_bytes;
  }
  input.free_bytes = TotalsOf(*meminfo, input.memory).free * 1024;
  return VmstatText(*host, input);
}

}  // namespace

std::string VmstatText(std::string_view host, const VmstatInput& input) {
  const std::map<std::string_view, uint64_t> values = Values(input);
  std::string text;
  ForEachValue(host, [&](std::string_view key, uint64_t) {
    const auto value = values.find(key);
    text.append(key).append(" ");
    text.append(fmt::to_string(value == values.end() ? 0 : value->second));
    text.push_back('\n');
  });
  return text;
}

absl::StatusOr<std::string> Vmstat(ContainerView& view,
                                   const fuse::Caller& caller) {
  return GenerateFor(view, caller, &Make);
}

}  // namespace sysbox::emu::views
