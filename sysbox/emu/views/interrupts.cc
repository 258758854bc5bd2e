#include "sysbox/emu/views/interrupts.h"

#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/views/visible_cpus.h"

namespace sysbox::emu::views {
namespace {

// As in kernel/softirq.c, softirq_to_name[].
constexpr std::string_view kSoftirqs[] = {
    "HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
    "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};

}  // namespace

std::string InterruptsText(size_t cpus) {
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{:11}", "");
  for (size_t i = 0; i < cpus; ++i) {
    fmt::format_to(out, "{:<11}", fmt::format("CPU{}", i));
  }
  fmt::format_to(out, "\nERR: {:10}\nMIS: {:10}\n", 0, 0);
  return fmt::to_string(text);
}

std::string SoftirqsText(size_t cpus) {
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{:20}", "");
  for (size_t i = 0; i < cpus; ++i) {
    fmt::format_to(out, "{:<11}", fmt::format("CPU{}", i));
  }
  for (const std::string_view name : kSoftirqs) {
    fmt::format_to(out, "\n{:>12}:", name);
    for (size_t i = 0; i < cpus; ++i) fmt::format_to(out, " {:10}", 0);
  }
  fmt::format_to(out, "\n");
  return fmt::to_string(text);
}

absl::StatusOr<std::string> Interrupts(ContainerView& view,
                                       const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> cpus,
                          VisibleCpusOf(view, caller));
  return InterruptsText(cpus.size());
}

absl::StatusOr<std::string> Softirqs(ContainerView& view,
                                     const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> cpus,
                          VisibleCpusOf(view, caller));
  return SoftirqsText(cpus.size());
}

}  // namespace sysbox::emu::views
