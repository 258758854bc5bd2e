#include "sysbox/cli/exec_process.h"

#include <limits>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/oci/validate_process.h"

namespace sysbox::cli {
namespace {

absl::StatusOr<uint32_t> ParseId(std::string_view text, std::string_view what) {
  std::optional<uint64_t> id = ParseUint64(text);
  // 4294967295 is (uid_t)-1, which means "none" to the kernel.
  if (!id.has_value() || *id >= std::numeric_limits<uint32_t>::max()) {
    return InvalidArgument("{}: \"{}\" is not an id", what, text);
  }
  return static_cast<uint32_t>(*id);
}

// "net_admin" and "CAP_NET_ADMIN" are the same one.
std::string CapabilityOf(const std::string& given) {
  std::string name = absl::AsciiStrToUpper(given);
  return absl::StartsWith(name, "CAP_") ? name : "CAP_" + name;
}

void AddCapabilities(const std::vector<std::string>& names,
                     oci::Process& process) {
  if (names.empty()) return;
  if (!process.capabilities.has_value()) process.capabilities.emplace();
  oci::Capabilities& sets = *process.capabilities;
  for (const std::string& given : names) {
    std::string name = CapabilityOf(given);
    // Not the inheritable set: CVE-2022-29162.
    for (std::vector<std::string>* set :
         {&sets.bounding, &sets.effective, &sets.permitted}) {
      set->push_back(name);
    }
  }
}

}  // namespace

absl::Status SetUser(std::string_view text, oci::User& user) {
  size_t colon = text.find(':');
  SYSBOX_ASSIGN_OR_RETURN(user.uid, ParseId(text.substr(0, colon), "--user"));
  if (colon != std::string_view::npos) {
    SYSBOX_ASSIGN_OR_RETURN(user.gid,
                            ParseId(text.substr(colon + 1), "--user"));
  }
  return absl::OkStatus();
}

absl::StatusOr<oci::Process> ExecProcess(const oci::Process& base,
                                         const FlagValues& flags,
                                         absl::Span<const std::string> args) {
  // runc's wording.
  if (args.empty()) return InvalidArgument("process args cannot be empty");
  oci::Process process = base;
  process.args.assign(args.begin(), args.end());
  process.terminal = flags.Switch(kExecTty);
  if (flags.Has(kExecCwd)) process.cwd = flags.Text(kExecCwd);
  if (flags.Has(kExecApparmor)) {
    process.apparmor_profile = flags.Text(kExecApparmor);
  }
  if (flags.Has(kExecProcessLabel)) {
    process.selinux_label = flags.Text(kExecProcessLabel);
  }
  AddCapabilities(flags.List(kExecCap), process);
  for (std::string& variable : flags.List(kExecEnv)) {
    process.env.push_back(std::move(variable));
  }
  if (flags.Has(kExecNoNewPrivs)) {
    process.no_new_privileges = flags.Switch(kExecNoNewPrivs);
  }
  if (flags.Has(kExecUser)) {
    SYSBOX_RETURN_IF_ERROR(SetUser(flags.Text(kExecUser), process.user));
  }
  for (const std::string& gid : flags.List(kExecAdditionalGids)) {
    SYSBOX_ASSIGN_OR_RETURN(uint32_t id, ParseId(gid, "--additional-gids"));
    process.user.additional_gids.push_back(id);
  }
  SYSBOX_RETURN_IF_ERROR(CheckExecProcess(process));
  return process;
}

absl::Status CheckExecProcess(oci::Process& process) {
  for (const std::string& warning : oci::NormalizeProcess(process)) {
    Log(LogLevel::kWarning, "{}", warning);
  }
  return oci::ValidateProcess(process);
}

}  // namespace sysbox::cli
