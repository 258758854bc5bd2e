#include "sysbox/emu/views/swaps.h"

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/memory_use.h"

namespace sysbox::emu::views {

std::string SwapsText(const MemoryTotals& totals) {
  std::string text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
  if (totals.swap_total == 0) return text;
  // Not the host's device or file. Columns as mm/swapfile.c's swap_show().
  const uint64_t used = totals.swap_total - totals.swap_free;
  const auto tab = [](uint64_t number) {
    return number < 10000000 ? "\t" : "";
  };
  text +=
      fmt::format("{:<40}{}\t{}\t{}{}\t{}-2\n", "none", "virtual\t",
                  totals.swap_total, tab(totals.swap_total), used, tab(used));
  return text;
}

absl::StatusOr<std::string> Swaps(ContainerView& view,
                                  const fuse::Caller& caller) {
  ContainerResources& resources = view.resources();
  SYSBOX_ASSIGN_OR_RETURN(auto group, resources.Of(view.facts(), caller));
  SYSBOX_ASSIGN_OR_RETURN(const MemoryUse use, ReadMemoryUse(*group));
  SYSBOX_ASSIGN_OR_RETURN(auto host, resources.host().Read(HostFile::kMeminfo));
  return SwapsText(TotalsOf(*host, use));
}

}  // namespace sysbox::emu::views
