#include "sysbox/cli/ps_command.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cli/print.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/runtime/container.h"
#include "sysbox/runtime/lifecycle.h"

namespace sysbox::cli {
namespace {

constexpr size_t kOutputLimit = size_t{64} << 20;
constexpr int kTimeoutSeconds = 60;

constexpr FlagSpec kFormat = {.name = "format",
                              .alias = 'f',
                              .kind = ValueKind::kText,
                              .value = "FORMAT",
                              .fallback = "table",
                              .help = "table, or json: the process ids only"};
constexpr FlagSpec kPsFlags[] = {kFormat};

constexpr std::array<const char*, 2> kPrograms = {"/usr/bin/ps", "/bin/ps"};

std::vector<absl::string_view> Words(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

absl::StatusOr<std::string> RunHostPs(std::vector<std::string> options) {
  Command command;
  for (const char* program : kPrograms) {
    if (command.path.empty() && Exists(program)) command.path = program;
  }
  if (command.path.empty()) return NotFound("ps: not installed on this host");
  command.args = std::move(options);
  command.args.insert(command.args.begin(), "ps");
  command.timeout_seconds = kTimeoutSeconds;
  command.output_limit = kOutputLimit;
  SYSBOX_ASSIGN_OR_RETURN(CommandResult result, RunCommand(command));
  if (result.status.ShellCode() != 0) {
    return Internal("ps: exit status {}: {}", result.status.ShellCode(),
                    result.error);
  }
  return std::move(result.output);
}

}  // namespace

absl::Span<const FlagSpec> PsFlags() { return kPsFlags; }

absl::StatusOr<std::string> SelectProcesses(std::string_view ps_output,
                                            absl::Span<const pid_t> pids) {
  std::vector<absl::string_view> lines =
      absl::StrSplit(ToAbsl(ps_output), '\n', absl::SkipEmpty());
  if (lines.empty()) return Internal("ps: no output");
  std::vector<absl::string_view> titles = Words(lines[0]);
  auto title = std::find(titles.begin(), titles.end(), "PID");
  if (title == titles.end()) {
    return InvalidArgument("ps: no column PID; the options must show it");
  }
  size_t column = title - titles.begin();
  std::string out = fmt::format("{}\n", ToStd(lines[0]));
  for (absl::string_view line : absl::MakeConstSpan(lines).subspan(1)) {
    std::vector<absl::string_view> words = Words(line);
    if (column >= words.size()) continue;
    std::optional<uint64_t> pid = ParseUint64(ToStd(words[column]));
    if (pid.has_value() &&
        std::binary_search(pids.begin(), pids.end(), pid_t(*pid))) {
      out += fmt::format("{}\n", ToStd(line));
    }
  }
  return out;
}

absl::StatusOr<int> RunPs(const Invocation& invocation) {
  SYSBOX_ASSIGN_OR_RETURN(RuntimeOptions globals,
                          RuntimeOptionsOf(invocation.globals));
  SYSBOX_ASSIGN_OR_RETURN(
      runtime::Container container,
      runtime::Container::Load(globals.root, invocation.operands[0]));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<pid_t> pids,
                          runtime::ContainerProcesses(container));
  std::string format = invocation.flags.Text(kFormat);
  if (format == "json") {
    SYSBOX_RETURN_IF_ERROR(
        Print(fmt::format("[{}]\n", absl::StrJoin(pids, ","))));
    return 0;
  }
  if (format != "table") return InvalidArgument("invalid format option");
  std::vector<std::string> options(invocation.operands.begin() + 1,
                                   invocation.operands.end());
  if (options.empty()) options = {"-ef"};
  SYSBOX_ASSIGN_OR_RETURN(std::string all, RunHostPs(std::move(options)));
  SYSBOX_ASSIGN_OR_RETURN(std::string text, SelectProcesses(all, pids));
  SYSBOX_RETURN_IF_ERROR(Print(text));
  return 0;
}

}  // namespace sysbox::cli
