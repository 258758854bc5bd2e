#include "sysbox/emu/views/meminfo.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/group_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"

namespace sysbox::emu::views {
namespace {

// What a line shows, in KiB.
struct Line {
  std::string_view key;
  uint64_t (*value)(const MemoryUse& use, const MemoryTotals& totals);
};

using Use = const MemoryUse&;
using Totals = const MemoryTotals&;

uint64_t KiB(uint64_t bytes) { return bytes / 1024; }
uint64_t Zero(Use, Totals) { return 0; }
uint64_t Reclaimable(Use u, Totals) { return KiB(u.slab_reclaimable); }

// Lines that are not here show the host's value, but at most MemTotal.
constexpr Line kLines[] = {
    {"MemTotal", [](Use, Totals t) { return t.total; }},
    {"MemFree", [](Use, Totals t) { return t.free; }},
    {"MemAvailable", [](Use, Totals t) { return t.available; }},
    {"Buffers", Zero},  // within the page cache, not told apart
    {"Cached", [](Use u, Totals) { return KiB(u.file); }},
    {"SwapCached", [](Use u, Totals) { return KiB(u.swap_cached); }},
    {"Active",
     [](Use u, Totals) { return KiB(u.active_anon + u.active_file); }},
    {"Inactive",
     [](Use u, Totals) { return KiB(u.inactive_anon + u.inactive_file); }},
    {"Active(anon)", [](Use u, Totals) { return KiB(u.active_anon); }},
    {"Inactive(anon)", [](Use u, Totals) { return KiB(u.inactive_anon); }},
    {"Active(file)", [](Use u, Totals) { return KiB(u.active_file); }},
    {"Inactive(file)", [](Use u, Totals) { return KiB(u.inactive_file); }},
    {"Unevictable", [](Use u, Totals) { return KiB(u.unevictable); }},
    {"Mlocked", [](Use u, Totals) { return KiB(u.unevictable); }},
    {"SwapTotal", [](Use, Totals t) { return t.swap_total; }},
    {"SwapFree", [](Use, Totals t) { return t.swap_free; }},
    {"Zswap", [](Use u, Totals) { return KiB(u.zswap); }},
    {"Zswapped", [](Use u, Totals) { return KiB(u.zswapped); }},
    {"Dirty", [](Use u, Totals) { return KiB(u.dirty); }},
    {"Writeback", [](Use u, Totals) { return KiB(u.writeback); }},
    {"AnonPages", [](Use u, Totals) { return KiB(u.anon); }},
    {"Mapped", [](Use u, Totals) { return KiB(u.mapped); }},
    {"Shmem", [](Use u, Totals) { return KiB(u.shmem); }},
    {"KReclaimable", Reclaimable},
    {"Slab",
     [](Use u, Totals) {
       return KiB(u.slab_reclaimable + u.slab_unreclaimable);
     }},
    {"SReclaimable", Reclaimable},
    {"SUnreclaim", [](Use u, Totals) { return KiB(u.slab_unreclaimable); }},
    {"KernelStack", [](Use u, Totals) { return KiB(u.kernel_stack); }},
    {"PageTables", [](Use u, Totals) { return KiB(u.page_tables); }},
    {"SecPageTables",
     [](Use u, Totals) { return KiB(u.secondary_page_tables); }},
    {"Bounce", Zero},
    {"WritebackTmp", Zero},
    {"Committed_AS",
     [](Use u, Totals) { return KiB(u.anon + u.shmem + u.swap); }},
    {"VmallocUsed", [](Use u, Totals) { return KiB(u.vmalloc); }},
    {"Percpu", [](Use u, Totals) { return KiB(u.per_cpu); }},
    {"AnonHugePages", [](Use u, Totals) { return KiB(u.anon_huge); }},
    {"ShmemHugePages", [](Use u, Totals) { return KiB(u.shmem_huge); }},
    {"ShmemPmdMapped", Zero},
    {"FileHugePages", [](Use u, Totals) { return KiB(u.file_huge); }},
    {"FilePmdMapped", Zero},
    {"Balloon", Zero},
};

// As the host's: an address range, the hugetlb pool that all share, and a
// size.
constexpr std::string_view kHosts[] = {"VmallocTotal",   "HugePages_Total",
                                       "HugePages_Free", "HugePages_Rsvd",
                                       "HugePages_Surp", "Hugepagesize"};

struct HostMemory {
  uint64_t total = 0, free = 0, available = 0, swap_total = 0, swap_free = 0;
  uint64_t commit_limit = 0;
};

HostMemory ParseHost(std::string_view host) {
  HostMemory memory;
  ForEachValue(host, [&memory](std::string_view key, uint64_t value) {
    if (key == "MemTotal:") memory.total = value;
    if (key == "MemFree:") memory.free = value;
    if (key == "MemAvailable:") memory.available = value;
    if (key == "SwapTotal:") memory.swap_total = value;
    if (key == "SwapFree:") memory.swap_free = value;
    if (key == "CommitLimit:") memory.commit_limit = value;
  });
  return memory;
}

MemoryTotals TotalsFrom(const HostMemory& host, const MemoryUse& use) {
  MemoryTotals totals;
  totals.total = std::min(host.total, KiB(use.limit));
  const uint64_t used = std::min(KiB(use.usage), totals.total);
  totals.free = std::min(totals.total - used, host.free);
  const uint64_t caches =
      use.active_file + use.inactive_file + use.slab_reclaimable;
  totals.available =
      std::min({totals.total - used + std::min(used, KiB(caches)),
                host.available, totals.total});
  totals.swap_total = std::min(host.swap_total, KiB(use.swap_limit));
  const uint64_t swap = std::min(KiB(use.swap), totals.swap_total);
  totals.swap_free = std::min(totals.swap_total - swap, host.swap_free);
  return totals;
}

// vm.overcommit_ratio's part of the container's memory, and its swap.
uint64_t CommitLimit(const HostMemory& host, const MemoryTotals& totals) {
  if (host.total == 0) return 0;
  const uint64_t swap = std::min(host.swap_total, host.commit_limit);
  const double ratio = static_cast<double>(host.commit_limit - swap) /
                       static_cast<double>(host.total);
  return static_cast<uint64_t>(static_cast<double>(totals.total) * ratio) +
         totals.swap_total;
}

class Writer {
 public:
  Writer(const HostMemory& host, const MemoryUse& use)
      : use_(use),
        totals_(TotalsFrom(host, use)),
        commit_limit_(CommitLimit(host, totals_)),
        unmapped_(totals_.total) {}

  uint64_t Value(std::string_view key, uint64_t hosts) {
    if (const Line* line = lines_.Find(key)) return line->value(use_, totals_);
    if (key == "CommitLimit") return commit_limit_;
    if (std::find(std::begin(kHosts), std::end(kHosts), key) !=
        std::end(kHosts)) {
      return hosts;
    }
    if (TakePrefix(&key, "DirectMap")) {
      // Together they are about as much as there is memory.
      const uint64_t mapped = std::min(hosts, unmapped_);
      unmapped_ -= mapped;
      return mapped;
    }
    return std::min(hosts, totals_.total);
  }

 private:
  KeyFinder<Line> lines_{kLines};
  const MemoryUse& use_;
  const MemoryTotals totals_;
  const uint64_t commit_limit_;
  uint64_t unmapped_;
};

absl::StatusOr<std::string> Make(const GroupView& view) {
  SYSBOX_ASSIGN_OR_RETURN(const MemoryUse use, ReadMemoryUse(view.group));
  SYSBOX_ASSIGN_OR_RETURN(auto host, view.host.Read(HostFile::kMeminfo));
  return MeminfoText(*host, use);
}

}  // namespace

MemoryTotals TotalsOf(std::string_view host, const MemoryUse& use) {
  const HostMemory memory = ParseHost(host);
  if (use.counted) return TotalsFrom(memory, use);
  return {memory.total, memory.free, memory.available, memory.swap_total,
          memory.swap_free};
}

std::string MeminfoText(std::string_view host, const MemoryUse& use) {
  if (!use.counted) return std::string(host);
  Writer writer(ParseHost(host), use);
  fmt::memory_buffer text;
  ForEachLine(host, [&](std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view key = line.substr(0, colon);
    std::string_view rest = line.substr(colon + 1);
    const uint64_t value = writer.Value(key, TakeNumber(&rest));
    // "MemTotal:       24684084 kB", as the kernel's show_val_kb().
    fmt::format_to(std::back_inserter(text), "{:<16}{:>8}{}\n",
                   line.substr(0, colon + 1), value, rest);
  });
  return fmt::to_string(text);
}

absl::StatusOr<std::string> Meminfo(ContainerView& view,
                                    const fuse::Caller& caller) {
  return GenerateFor(view, caller, &Make);
}

}  // namespace sysbox::emu::views
