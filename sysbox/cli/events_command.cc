#include "sysbox/cli/events_command.h"

#include <string>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/print.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/events.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kInterval = {.name = "interval",
                                .kind = ValueKind::kDuration,
                                .value = "TIME",
                                .fallback = "5s",
                                .help = "time between two lines of numbers"};
constexpr FlagSpec kStats = {.name = "stats",
                             .help = "print one line of numbers and end"};
constexpr FlagSpec kEventsFlags[] = {kInterval, kStats};

absl::Status PrintLine(std::string_view line) {
  return Print(fmt::format("{}\n", line));
}

}  // namespace

absl::Span<const FlagSpec> EventsFlags() { return kEventsFlags; }

absl::StatusOr<int> RunEvents(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  const std::string& id = invocation.operands[0];
  SYSBOX_ASSIGN_OR_RETURN(runtime::Container container,
                          runtime::Container::Load(globals.root, id));
  absl::Duration interval = invocation.flags.Duration(kInterval);
  if (interval <= absl::ZeroDuration()) {
    return InvalidArgument("duration interval must be greater than 0");
  }
  if (container.Status() == oci::ContainerStatus::kStopped) {
    return FailedPrecondition("container with id {} is not running", id);
  }
  if (invocation.flags.Switch(kStats)) {
    SYSBOX_ASSIGN_OR_RETURN(std::string line,
                            runtime::ReadStatsEvent(container));
    SYSBOX_RETURN_IF_ERROR(PrintLine(line));
    return 0;
  }
  SYSBOX_RETURN_IF_ERROR(runtime::WatchEvents(container, interval, PrintLine));
  return 0;
}

}  // namespace sysbox::cli
