#include "sysbox/cli/box_commands.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sysbox/api/manager.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/box_bundle.h"
#include "sysbox/cli/box_remove.h"
#include "sysbox/cli/box_spec.h"
#include "sysbox/cli/box_state.h"
#include "sysbox/cli/launch_commands.h"
#include "sysbox/cli/manager_choice.h"
#include "sysbox/cli/print.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/cli/spec_command.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/terminal.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/runtime/state_dir.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec Text(std::string_view name, char alias,
                        std::string_view value, std::string_view help) {
  return {.name = name,
          .alias = alias,
          .kind = ValueKind::kText,
          .value = value,
          .help = help};
}
constexpr FlagSpec List(std::string_view name, char alias,
                        std::string_view value, std::string_view help) {
  return {.name = name,
          .alias = alias,
          .kind = ValueKind::kList,
          .value = value,
          .help = help};
}

constexpr FlagSpec kRootfs =
    Text("rootfs", 0, "DIR", "directory with the root filesystem");
constexpr FlagSpec kName = Text("name", 0, "NAME", "default: one is made up");
constexpr FlagSpec kHostname =
    Text("hostname", 0, "NAME", "default: the container's name");
constexpr FlagSpec kEnv =
    List("env", 'e', "NAME[=VALUE]", "set a variable, or pass one on");
constexpr FlagSpec kVolume =
    List("volume", 'v', "SRC:DST[:ro]",
         "show the host's SRC as DST; its root's files are the container "
         "root's");
constexpr FlagSpec kWorkdir = Text("workdir", 'w', "DIR", "default: /");
constexpr FlagSpec kUser =
    Text("user", 'u', "UID[:GID]", "default: the container's root");
constexpr FlagSpec kTty = {
    .name = "tty",
    .alias = 't',
    .help = "give it a terminal (default: if standard input is one)"};
constexpr FlagSpec kInteractive = {
    .name = "interactive",
    .alias = 'i',
    .help = "no terminal unless -t: standard input is passed on as it is"};
constexpr FlagSpec kRm = {.name = "rm",
                          .help = "it is always removed when it has ended"};
constexpr FlagSpec kRoot = {.name = "root",
                            .kind = ValueKind::kText,
                            .value = "DIR",
                            .fallback = "/run/sysbox-runc",
                            .help = "directory of the containers' state"};
constexpr FlagSpec kRunFlags[] = {
    kRootfs, kName, kHostname,    kEnv, kVolume, kWorkdir,
    kUser,   kTty,  kInteractive, kRm,  kRoot,
};

constexpr FlagSpec kJson = {.name = "json", .help = "print JSON"};
constexpr FlagSpec kPlaceFlags[] = {kRoot, kJson};

std::optional<std::string> CallersVariable(const std::string& name) {
  const char* value = getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

bool WantsTerminal(const FlagValues& flags) {
  if (flags.Has(kTty)) return flags.Switch(kTty);
  return !flags.Switch(kInteractive) && IsTerminal(FdRef(STDIN_FILENO)) &&
         IsTerminal(FdRef(STDOUT_FILENO));
}

absl::StatusOr<BoxOptions> BoxOptionsOf(const Invocation& invocation) {
  const FlagValues& flags = invocation.flags;
  if (!flags.Has(kRootfs)) {
    return InvalidArgument(
        "--rootfs DIR is needed, a directory with a root filesystem "
        "(`debootstrap --variant=minbase stable DIR` makes one)");
  }
  BoxOptions options;
  options.name = flags.Has(kName)
                     ? flags.Text(kName)
                     : fmt::format("box-{}-{:x}", getpid(),
                                   absl::ToUnixMillis(absl::Now()) & 0xffffff);
  SYSBOX_ASSIGN_OR_RETURN(options.rootfs, RealPath(flags.Text(kRootfs)),
                          "--rootfs");
  options.hostname = flags.Text(kHostname);
  options.env = flags.List(kEnv);
  options.volumes = flags.List(kVolume);
  options.cwd = flags.Text(kWorkdir);
  options.user = flags.Text(kUser);
  options.terminal = WantsTerminal(flags);
  options.args = invocation.operands;
  SYSBOX_ASSIGN_OR_RETURN(options.capabilities, OwnCapabilityNames());
  return options;
}

RuntimeOptions PlaceOf(const FlagValues& flags) {
  RuntimeOptions options;
  options.root = flags.Text(kRoot);
  return options;
}

}  // namespace

absl::Span<const FlagSpec> BoxRunFlags() { return kRunFlags; }
absl::Span<const FlagSpec> BoxPlaceFlags() { return kPlaceFlags; }

absl::StatusOr<int> RunBox(const Invocation& invocation) {
  if (geteuid() != 0) return absl::PermissionDeniedError("run: needs root");
  SYSBOX_ASSIGN_OR_RETURN(BoxOptions box, BoxOptionsOf(invocation), "run");
  SYSBOX_ASSIGN_OR_RETURN(oci::Spec spec, BoxSpec(box, CallersVariable), "run");
  SYSBOX_RETURN_IF_ERROR(runtime::ValidateContainerId(box.name), "run");

  const std::string root = invocation.flags.Text(kRoot);
  SYSBOX_ASSIGN_OR_RETURN(
      BoxBundle bundle,
      BoxBundle::Claim(kBoxBundles, box.name, root,
                       [&](const std::string& its_root) {
                         return RemoveBox(its_root, box.name, /*force=*/false);
                       }),
      "run \"{}\"", box.name);
  SYSBOX_RETURN_IF_ERROR(ReplaceVolatileFile(
      bundle.path() + "/config.json", oci::WriteSpec(spec) + "\n", 0600));
  RuntimeOptions globals = PlaceOf(invocation.flags);
  RunOptions options;
  options.create.root = globals.root;
  options.create.id = box.name;
  options.create.bundle = bundle.path();
  options.create.detach = false;
  options.create.version = kVersion;
  std::unique_ptr<api::Manager> manager =
      ChooseManager(globals, WithoutDaemon::kEmbed);
  SYSBOX_ASSIGN_OR_RETURN(int code, RunContainer(options, *manager),
                          "run \"{}\"", box.name);
  return code;
}

absl::StatusOr<int> RunBoxPs(const Invocation& invocation) {
  RuntimeOptions globals = PlaceOf(invocation.flags);
  SYSBOX_ASSIGN_OR_RETURN(std::vector<BoxState> boxes, ListBoxes(globals));
  SYSBOX_RETURN_IF_ERROR(Print(
      invocation.flags.Switch(kJson) ? BoxesJson(boxes) : BoxesTable(boxes)));
  return 0;
}

absl::StatusOr<int> RunBoxInspect(const Invocation& invocation) {
  RuntimeOptions globals = PlaceOf(invocation.flags);
  SYSBOX_ASSIGN_OR_RETURN(BoxState box,
                          InspectBox(globals, invocation.operands[0]));
  SYSBOX_RETURN_IF_ERROR(Print(BoxJson(box)));
  return 0;
}

}  // namespace sysbox::cli
