#include "sysbox/cli/state_commands.h"

#include <memory>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/manager_choice.h"
#include "sysbox/cli/print.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/cli/table_text.h"
#include "sysbox/linux/events.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/lifecycle.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kFormat = {.name = "format",
                              .alias = 'f',
                              .kind = ValueKind::kText,
                              .value = "FORMAT",
                              .fallback = "table",
                              .help = "table or json"};
constexpr FlagSpec kQuiet = {
    .name = "quiet", .alias = 'q', .help = "print the ids only"};
constexpr FlagSpec kAll = {.name = "all",
                           .alias = 'a',
                           .help = "signal every process of the container"};
constexpr FlagSpec kForce = {
    .name = "force",
    .alias = 'f',
    .help = "kill the container first if it runs; it need not exist"};

constexpr FlagSpec kListFlags[] = {kFormat, kQuiet};
constexpr FlagSpec kKillFlags[] = {kAll};
constexpr FlagSpec kDeleteFlags[] = {kForce};

absl::StatusOr<runtime::Container> LoadContainer(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  return runtime::Container::Load(globals.root, invocation.operands[0]);
}

}  // namespace

absl::Span<const FlagSpec> ListFlags() { return kListFlags; }
absl::Span<const FlagSpec> KillFlags() { return kKillFlags; }
absl::Span<const FlagSpec> DeleteFlags() { return kDeleteFlags; }

absl::StatusOr<int> RunState(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(runtime::Container container,
                          LoadContainer(invocation));
  SYSBOX_RETURN_IF_ERROR(Print(oci::WriteSummary(container.Summary())));
  return 0;
}

std::string ListTable(const std::vector<oci::ContainerSummary>& containers) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const oci::ContainerSummary& container : containers) {
    rows.push_back({container.id, fmt::format("{}", container.pid),
                    std::string(oci::Name(container.status)), container.bundle,
                    container.created, container.owner});
  }
  return TableText(rows);
}

absl::StatusOr<int> RunList(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  std::string format = invocation.flags.Text(kFormat);
  bool quiet = invocation.flags.Switch(kQuiet);
  if (format != "table" && format != "json") {
    return InvalidArgument("invalid format option");
  }
  SYSBOX_ASSIGN_OR_RETURN(std::vector<oci::ContainerSummary> containers,
                          runtime::ListContainers(globals.root));
  std::string text;
  if (quiet) {
    for (const oci::ContainerSummary& container : containers) {
      text += container.id + "\n";
    }
  } else {
    text = format == "json" ? oci::WriteSummaries(containers) + "\n"
                            : ListTable(containers);
  }
  SYSBOX_RETURN_IF_ERROR(Print(text));
  return 0;
}

absl::StatusOr<int> RunKill(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(runtime::Container container,
                          LoadContainer(invocation));
  const std::vector<std::string>& operands = invocation.operands;
  std::string name = operands.size() > 1 ? operands[1] : "SIGTERM";
  std::optional<int> signal = SignalNumber(name);
  if (!signal.has_value())
    return InvalidArgument("unknown signal \"{}\"", name);
  SYSBOX_RETURN_IF_ERROR(runtime::KillContainer(container, *signal,
                                                invocation.flags.Switch(kAll)));
  return 0;
}

absl::StatusOr<int> RunDelete(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  bool force = invocation.flags.Switch(kForce);
  absl::StatusOr<runtime::Container> container = LoadContainer(invocation);
  if (!container.ok()) {
    if (force && absl::IsNotFound(container.status())) return 0;
    return container.status();
  }
  // Whoever it was registered with: a container made with --no-sysbox-mgr is
  // in nobody's account.
  globals.no_manager = !container->state().uses_manager;
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kEmbed);
  SYSBOX_RETURN_IF_ERROR(runtime::DeleteContainer(*container, force, *manager));
  return 0;
}

absl::StatusOr<int> RunPause(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(runtime::Container container,
                          LoadContainer(invocation));
  SYSBOX_RETURN_IF_ERROR(runtime::PauseContainer(container));
  return 0;
}

absl::StatusOr<int> RunResume(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(runtime::Container container,
                          LoadContainer(invocation));
  SYSBOX_RETURN_IF_ERROR(runtime::ResumeContainer(container));
  return 0;
}

}  // namespace sysbox::cli
