#include "sysbox/launch/hooks.h"

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/process.h"

namespace sysbox::launch {
namespace {

std::string Describe(const ExitStatus& status) {
  if (status.signal != 0) return fmt::format("signal {}", status.signal);
  return fmt::format("exit status {}", status.code);
}

absl::Status RunHook(const oci::Hook& hook, const std::string& state_json,
                     FdRef directory) {
  Command command;
  command.path = hook.path;
  command.args = hook.args;
  if (command.args.empty()) command.args.push_back(hook.path);
  command.env = hook.env;
  command.input = state_json;
  command.directory = directory;
  command.timeout_seconds = hook.timeout.value_or(0);
  SYSBOX_ASSIGN_OR_RETURN(CommandResult result, RunCommand(command));
  if (result.status.ShellCode() == 0) return absl::OkStatus();
  return absl::UnknownError(ToAbsl(
      fmt::format("{}, stdout: {}, stderr: {}", Describe(result.status),
                  ToStd(absl::StripAsciiWhitespace(ToAbsl(result.output))),
                  ToStd(absl::StripAsciiWhitespace(ToAbsl(result.error))))));
}

}  // namespace

absl::Status RunHooks(std::string_view point, absl::Span<const oci::Hook> hooks,
                      const std::string& state_json, FdRef directory) {
  for (size_t i = 0; i < hooks.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(RunHook(hooks[i], state_json, directory),
                           "error running {} hook #{} {}", point, i,
                           hooks[i].path);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::launch
