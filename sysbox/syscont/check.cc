#include "sysbox/syscont/check.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/base/status.h"

namespace sysbox::syscont {
namespace {

// Namespaces a system container never shares with the host, and how a user of
// Docker came to ask for it.
struct RequiredNamespace {
  std::string_view type;
  NamespaceType kind;
  std::string_view advice;
};
constexpr RequiredNamespace kRequired[] = {
    {"pid", NamespaceType::kPid, "; drop --pid=host"},
    {"ipc", NamespaceType::kIpc, "; drop --ipc=host"},
    {"uts", NamespaceType::kUts, "; drop --uts=host"},
    {"network", NamespaceType::kNetwork, "; drop --net=host"},
    {"mount", NamespaceType::kMount, ""},
};

absl::Status SharedWithHost(std::string_view type, std::string_view advice) {
  return InvalidArgument(
      "sharing the host's {} namespace is not supported: a system container "
      "has its own{}",
      type, advice);
}

bool HasUnknownType(const oci::Linux& linux) {
  constexpr std::string_view kKnown[] = {"cgroup", "ipc",  "mount", "network",
                                         "pid",    "time", "user",  "uts"};
  return std::any_of(linux.namespaces.begin(), linux.namespaces.end(),
                     [&](const oci::Namespace& entry) {
                       return std::find(std::begin(kKnown), std::end(kKnown),
                                        entry.type) == std::end(kKnown);
                     });
}

const oci::Namespace* FindNamespace(const oci::Linux& linux,
                                    std::string_view type) {
  for (const oci::Namespace& candidate : linux.namespaces) {
    if (candidate.type == type) return &candidate;
  }
  return nullptr;
}

absl::Status CheckParts(const oci::Spec& spec, const Options&) {
  if (!spec.process.has_value()) {
    return InvalidArgument("process: missing; a container needs a program");
  }
  if (!spec.root.has_value()) return InvalidArgument("root: missing");
  if (!spec.linux.has_value()) return InvalidArgument("linux: missing");
  return absl::OkStatus();
}

absl::Status CheckNamespaces(const oci::Spec& spec, const Options&) {
  for (const RequiredNamespace& required : kRequired) {
    if (FindNamespace(*spec.linux, required.type) == nullptr) {
      // A misspelt one is validation's to name.
      if (HasUnknownType(*spec.linux)) return absl::OkStatus();
      return SharedWithHost(required.type, required.advice);
    }
  }
  if (!FindNamespace(*spec.linux, "mount")->path.empty()) {
    return InvalidArgument(
        "linux.namespaces: joining a mount namespace by path is not supported");
  }
  return absl::OkStatus();
}

bool AllowsEveryDevice(const oci::Linux& linux) {
  if (!linux.resources.has_value()) return false;
  const std::vector<oci::DeviceRule>& rules = linux.resources->devices;
  if (rules.empty()) return false;
  return std::any_of(rules.begin(), rules.end(), [](const oci::DeviceRule& r) {
    const bool any_type = r.type.empty() || r.type == "a";
    const bool any_number =
        r.major.value_or(-1) == -1 && r.minor.value_or(-1) == -1;
    return r.allow && any_type && any_number &&
           r.access.find('w') != std::string::npos;
  });
}

bool HasCapability(const std::vector<std::string>& set, std::string_view name) {
  return std::find(set.begin(), set.end(), name) != set.end();
}

// No engine says "privileged" in a spec. All of them (Docker, Podman, CRI)
// mean by it: every device, nothing masked or read-only, and capabilities that
// --cap-add=ALL alone would come with masked paths. Seccomp may still be set.
bool LooksPrivileged(const oci::Spec& spec) {
  const oci::Linux& linux = *spec.linux;
  if (!linux.masked_paths.empty() || !linux.readonly_paths.empty()) {
    return false;
  }
  if (!AllowsEveryDevice(linux)) return false;
  const auto& capabilities = spec.process->capabilities;
  if (!capabilities.has_value()) return false;
  constexpr std::string_view kTelling[] = {"CAP_SYS_ADMIN", "CAP_SYS_MODULE",
                                           "CAP_SYS_RAWIO"};
  return std::all_of(std::begin(kTelling), std::end(kTelling),
                     [&](std::string_view name) {
                       return HasCapability(capabilities->bounding, name);
                     });
}

absl::Status CheckPrivileged(const oci::Spec& spec, const Options& options) {
  if (!options.syscont_mode || !LooksPrivileged(spec)) return absl::OkStatus();
  return InvalidArgument(
      "privileged containers are not supported: root in a system container is "
      "already all-powerful inside it; drop --privileged");
}

using Check = absl::Status (*)(const oci::Spec&, const Options&);
constexpr Check kChecks[] = {CheckParts, CheckNamespaces, CheckPrivileged};

}  // namespace

absl::Status CheckSpec(const oci::Spec& spec, const Options& options) {
  for (Check check : kChecks) {
    SYSBOX_RETURN_IF_ERROR(check(spec, options));
  }
  return absl::OkStatus();
}

absl::Status CheckJoinedNamespace(NamespaceType type, const NamespaceId& joined,
                                  const NamespaceId& host) {
  if (!(joined == host)) return absl::OkStatus();
  for (const RequiredNamespace& required : kRequired) {
    if (required.kind == type) {
      return SharedWithHost(required.type, required.advice);
    }
  }
  return SharedWithHost(ProcName(type), "");
}

absl::Status CheckSelinux(const oci::Spec& spec, bool host_enforces) {
  if (!host_enforces) return absl::OkStatus();
  const bool labelled =
      (spec.process.has_value() && !spec.process->selinux_label.empty()) ||
      (spec.linux.has_value() && !spec.linux->mount_label.empty());
  return FailedPrecondition(
      "hosts that enforce SELinux are not supported yet{}",
      labelled ? " (config.json asks for a label)" : "");
}

}  // namespace sysbox::syscont
