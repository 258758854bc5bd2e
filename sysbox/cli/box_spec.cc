#include "sysbox/cli/box_spec.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/exec_process.h"
#include "sysbox/oci/default_spec.h"
#include "sysbox/oci/validate.h"

namespace sysbox::cli {
namespace {

// Sets a variable, in its old place if there is one.
void SetVariable(std::string variable, std::vector<std::string>& env) {
  std::string name = variable.substr(0, variable.find('=') + 1);
  for (std::string& old : env) {
    if (absl::StartsWith(old, name)) {
      old = std::move(variable);
      return;
    }
  }
  env.push_back(std::move(variable));
}

void AddEnvironment(const BoxOptions& options, Environment environment,
                    std::vector<std::string>& env) {
  // So that full-screen programs know the caller's terminal.
  std::optional<std::string> term = environment("TERM");
  if (options.terminal && term.has_value()) SetVariable("TERM=" + *term, env);
  for (const std::string& given : options.env) {
    if (absl::StrContains(given, "=")) {
      SetVariable(given, env);
    } else if (std::optional<std::string> value = environment(given)) {
      SetVariable(fmt::format("{}={}", given, *value), env);
    }
  }
}

absl::StatusOr<oci::Mount> VolumeOf(const std::string& text) {
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  bool read_only = parts.size() == 3 && parts[2] == "ro";
  bool good_mode =
      parts.size() == 2 || read_only || (parts.size() == 3 && parts[2] == "rw");
  if (!good_mode || !absl::StartsWith(parts[0], "/") ||
      !absl::StartsWith(parts[1], "/")) {
    return InvalidArgument(
        "--volume \"{}\": expected SRC:DST[:ro] with absolute paths", text);
  }
  oci::Mount mount;
  mount.destination = parts[1];
  mount.type = "bind";
  mount.source = parts[0];
  mount.options = {"rbind", "rprivate", read_only ? "ro" : "rw"};
  return mount;
}

}  // namespace

absl::StatusOr<oci::Spec> BoxSpec(const BoxOptions& options,
                                  Environment environment) {
  oci::DefaultSpecOptions defaults;
  defaults.capabilities = options.capabilities;
  oci::Spec spec = oci::DefaultSpec(defaults);
  spec.root = oci::Root{.path = options.rootfs, .readonly = false};
  spec.hostname = options.hostname.empty() ? options.name : options.hostname;
  oci::Process& process = *spec.process;
  process.terminal = options.terminal;
  // A machine's root may run setuid programs: sudo, su, ping.
  process.no_new_privileges = false;
  process.rlimits.clear();
  if (!options.args.empty()) process.args = options.args;
  if (!options.cwd.empty()) process.cwd = options.cwd;
  if (!options.user.empty()) {
    SYSBOX_RETURN_IF_ERROR(SetUser(options.user, process.user));
  }
  AddEnvironment(options, environment, process.env);
  for (const std::string& volume : options.volumes) {
    SYSBOX_ASSIGN_OR_RETURN(oci::Mount mount, VolumeOf(volume));
    spec.mounts.push_back(std::move(mount));
  }
  SYSBOX_RETURN_IF_ERROR(oci::ValidateSpec(spec));
  return spec;
}

}  // namespace sysbox::cli
