#include "sysbox/oci/validate.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/oci/mount_options.h"
#include "sysbox/oci/quoted.h"
#include "sysbox/oci/validate_linux.h"
#include "sysbox/oci/validate_process.h"

namespace sysbox::oci {
namespace {

// MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] (semver.org); the major number, or
// nullopt.
std::optional<uint64_t> SemanticMajor(std::string_view version) {
  std::string_view core = version.substr(0, version.find_first_of("-+"));
  std::string_view extra = version.substr(core.size());
  constexpr std::string_view kExtra =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.+";
  if (extra.size() == 1 || extra.find_first_not_of(kExtra) != extra.npos) {
    return std::nullopt;
  }
  size_t first = core.find('.');
  size_t second = core.find('.', std::min(first, core.size() - 1) + 1);
  if (core.empty() || second == core.npos) return std::nullopt;
  std::optional<uint64_t> major = ParseUint64(core.substr(0, first));
  if (!ParseUint64(core.substr(first + 1, second - first - 1)) ||
      !ParseUint64(core.substr(second + 1))) {
    return std::nullopt;
  }
  return major;
}

absl::Status CheckVersion(const Spec& spec) {
  std::optional<uint64_t> major = SemanticMajor(spec.oci_version);
  if (!major) {
    return InvalidArgument("ociVersion: {} is not a version",
                           Quoted(spec.oci_version));
  }
  if (*major == 1) return absl::OkStatus();
  return InvalidArgument("ociVersion: {} is not supported, only 1.x is",
                         Quoted(spec.oci_version));
}

absl::Status CheckRoot(const Spec& spec) {
  if (!spec.root) return InvalidArgument("root: missing");
  if (spec.root->path.empty()) return InvalidArgument("root.path: empty");
  return absl::OkStatus();
}

absl::Status CheckProcess(const Spec& spec) {
  if (!spec.process) return InvalidArgument("process: missing");
  return ValidateProcess(*spec.process);
}

absl::Status CheckLinux(const Spec& spec) {
  if (!spec.linux) return InvalidArgument("linux: missing");
  return ValidateLinux(spec);
}

absl::Status CheckNames(const Spec& spec) {
  constexpr size_t kLongest = 64;  // __NEW_UTS_LEN
  const std::pair<std::string_view, const std::string&> names[] = {
      {"hostname", spec.hostname}, {"domainname", spec.domainname}};
  for (const auto& [field, name] : names) {
    if (name.empty()) continue;
    if (name.size() > kLongest) {
      return InvalidArgument("{}: {} bytes, more than {}", field, name.size(),
                             kLongest);
    }
    if (FindNamespace(*spec.linux, "uts") == nullptr) {
      return InvalidArgument("{}: needs a uts namespace in linux.namespaces",
                             field);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMount(const Mount& mount, size_t i) {
  if (!mount.destination.starts_with('/')) {
    return InvalidArgument("mounts[{}].destination: {} is not an absolute path",
                           i, Quoted(mount.destination));
  }
  MountOptions options = ParseMountOptions(mount.options);
  bool bind = options.bind || mount.type == "bind";
  if (bind && mount.source.empty()) {
    return InvalidArgument("mounts[{}].source: missing", i);
  }
  if (!bind && !options.remount && mount.type.empty()) {
    return InvalidArgument("mounts[{}].type: missing", i);
  }
  if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
    return InvalidArgument(
        "mounts[{}].{}: missing", i,
        mount.uid_mappings.empty() ? "uidMappings" : "gidMappings");
  }
  if (!bind && !mount.uid_mappings.empty()) {
    return InvalidArgument("mounts[{}].uidMappings: only for bind mounts", i);
  }
  return absl::OkStatus();
}

absl::Status CheckMounts(const Spec& spec) {
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(CheckMount(spec.mounts[i], i));
  }
  return absl::OkStatus();
}

struct HookRow {
  std::string_view name;
  std::vector<Hook> Hooks::*hooks;
};
constexpr HookRow kHooks[] = {
    {"prestart", &Hooks::prestart},
    {"createRuntime", &Hooks::create_runtime},
    {"createContainer", &Hooks::create_container},
    {"startContainer", &Hooks::start_container},
    {"poststart", &Hooks::poststart},
    {"poststop", &Hooks::poststop},
};

absl::Status CheckHook(const Hook& hook, const std::string& field) {
  if (!hook.path.starts_with('/')) {
    return InvalidArgument("{}.path: {} is not an absolute path", field,
                           Quoted(hook.path));
  }
  if (hook.timeout && *hook.timeout <= 0) {
    return InvalidArgument("{}.timeout: {} is not more than 0", field,
                           *hook.timeout);
  }
  return ValidateEnvironment(hook.env, field + ".env");
}

absl::Status CheckHooks(const Spec& spec) {
  if (!spec.hooks) return absl::OkStatus();
  for (const HookRow& row : kHooks) {
    const std::vector<Hook>& hooks = (*spec.hooks).*row.hooks;
    for (size_t i = 0; i < hooks.size(); ++i) {
      SYSBOX_RETURN_IF_ERROR(
          CheckHook(hooks[i], fmt::format("hooks.{}[{}]", row.name, i)));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAnnotations(const Spec& spec) {
  if (!spec.annotations.contains("")) return absl::OkStatus();
  return InvalidArgument("annotations: empty key");
}

constexpr absl::Status (*kChecks[])(const Spec&) = {
    &CheckVersion, &CheckRoot,   &CheckProcess, &CheckLinux,
    &CheckNames,   &CheckMounts, &CheckHooks,   &CheckAnnotations,
};

}  // namespace

absl::Status ValidateSpec(const Spec& spec) {
  for (auto check : kChecks) SYSBOX_RETURN_IF_ERROR(check(spec));
  return absl::OkStatus();
}

std::vector<std::string> NormalizeSpec(Spec& spec) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    std::string& destination = spec.mounts[i].destination;
    if (destination.empty() || destination[0] == '/') continue;
    warnings.push_back(fmt::format(
        "mounts[{}].destination: {} is not an absolute path, taken from \"/\"",
        i, Quoted(destination)));
    destination = fmt::format("/{}", destination);
  }
  if (spec.process) {
    for (std::string& warning : NormalizeProcess(*spec.process)) {
      warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

}  // namespace sysbox::oci
