#include "sysbox/cli/install_service.h"

#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/cli/external_program.h"
#include "sysbox/cli/host_file.h"
#include "sysbox/cli/service_unit.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

constexpr char kUnitPath[] = "/lib/systemd/system/sysbox.service";
// A low number: the administrator's own files come later, and win.
constexpr char kSettingsPath[] = "/usr/lib/sysctl.d/10-sysbox.conf";

bool ServiceIs(const char* state) {
  return RunProgram({"systemctl", state, "--quiet", kServiceUnit}).ok();
}

absl::Status Systemctl(std::vector<std::string> words, const Steps& steps) {
  words.insert(words.begin(), "systemctl");
  return steps.Do(absl::StrJoin(words, " "), [&] { return RunProgram(words); });
}

// Raises what is lower now; systemd-sysctl does the same at the next boot.
absl::Status ApplySettings() {
  for (const KernelSetting& setting : kKernelSettings) {
    const std::string path = absl::StrCat(
        "/proc/sys/", absl::StrReplaceAll(setting.name, {{".", "/"}}));
    const absl::StatusOr<std::string> now = ReadFile(path);
    if (!now.ok()) continue;  // a kernel without it
    const auto have = ParseUint64(ToStd(absl::StripAsciiWhitespace(*now)));
    if (have && *have >= setting.least) continue;
    SYSBOX_RETURN_IF_ERROR(
        WriteExisting(path, fmt::format("{}", setting.least)));
  }
  return absl::OkStatus();
}

absl::Status InstallSettings(const Steps& steps) {
  SYSBOX_ASSIGN_OR_RETURN(
      const bool changed,
      InstallHostFile(kSettingsPath, KernelSettingsText(), steps));
  if (!changed) return absl::OkStatus();
  return steps.Do("raise the kernel's limits to these", ApplySettings);
}

absl::Status StartService(bool changed, const Steps& steps) {
  if (!ServiceIs("is-enabled")) {
    SYSBOX_RETURN_IF_ERROR(
        Systemctl({"enable", "--quiet", kServiceUnit}, steps));
  }
  if (!ServiceIs("is-active")) {
    return Systemctl({"start", kServiceUnit}, steps);
  }
  if (changed) return Systemctl({"restart", kServiceUnit}, steps);
  return steps.Say(fmt::format("{}: runs already", kServiceUnit));
}

// One that systemd runs.
bool HasOurUnit() {
  const absl::StatusOr<std::string> unit = ReadFile(kUnitPath);
  return unit.ok() && ReadMark(*unit) != Marked::kNot && HasSystemd();
}

}  // namespace

bool HasSystemd() { return Exists("/run/systemd/system"); }

absl::Status InstallService(const std::string& program, bool renewed,
                            const Steps& steps) {
  if (!HasSystemd()) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(InstallSettings(steps));
  SYSBOX_ASSIGN_OR_RETURN(
      const bool changed,
      InstallHostFile(kUnitPath, ServiceUnitText(program), steps));
  if (changed) SYSBOX_RETURN_IF_ERROR(Systemctl({"daemon-reload"}, steps));
  return StartService(changed || renewed, steps);
}

bool StopsService() { return HasOurUnit() && ServiceIs("is-active"); }

absl::Status RemoveService(const Steps& steps) {
  if (HasOurUnit()) {
    SYSBOX_RETURN_IF_ERROR(
        Systemctl({"disable", "--quiet", "--now", kServiceUnit}, steps));
  }
  SYSBOX_ASSIGN_OR_RETURN(const bool removed, RemoveHostFile(kUnitPath, steps));
  if (removed && HasSystemd()) {
    SYSBOX_RETURN_IF_ERROR(Systemctl({"daemon-reload"}, steps));
  }
  return RemoveHostFile(kSettingsPath, steps).status();
}

}  // namespace sysbox::cli
