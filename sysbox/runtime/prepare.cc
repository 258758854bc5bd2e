#include "sysbox/runtime/prepare.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/base/time.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mounts/host_data_roots.h"
#include "sysbox/oci/spec_json.h"
#include "sysbox/oci/validate.h"
#include "sysbox/runtime/host_checks.h"
#include "sysbox/runtime/id_mappings.h"
#include "sysbox/runtime/interception.h"
#include "sysbox/runtime/namespace_names.h"
#include "sysbox/syscont/check.h"

namespace sysbox::runtime {
namespace {

constexpr size_t kMaxConfig = size_t{8} << 20;

std::string ConfigPath(const CreateOptions& options) {
  return options.config.empty() ? options.bundle + "/config.json"
                                : options.config;
}

absl::StatusOr<oci::Spec> LoadSpec(const CreateOptions& options) {
  const std::string path = ConfigPath(options);
  SYSBOX_ASSIGN_OR_RETURN(std::string text, ReadFile(path, kMaxConfig));
  absl::StatusOr<oci::Spec> spec = oci::ParseSpec(text);
  SYSBOX_RETURN_IF_ERROR(spec.status(), "{}", path);
  for (const std::string& warning : oci::NormalizeSpec(*spec)) {
    Log(LogLevel::kWarning, "{}: {}", path, warning);
  }
  return spec;
}

absl::Status CheckTerminal(const CreateOptions& options,
                           const oci::Process& process) {
  // runc's wording.
  if (process.terminal && options.detach && options.console_socket.empty()) {
    return InvalidArgument(
        "cannot allocate tty if runc will detach without setting console "
        "socket");
  }
  if (!options.console_socket.empty() &&
      !(process.terminal && options.detach)) {
    return InvalidArgument(
        "cannot use console socket if runc will not detach or allocate tty");
  }
  return absl::OkStatus();
}

std::optional<IdMaps> RequestedMaps(const oci::Linux& linux) {
  if (linux.uid_mappings.empty() && linux.gid_mappings.empty()) {
    return std::nullopt;
  }
  return IdMaps{MapOf(linux.uid_mappings), MapOf(linux.gid_mappings)};
}

// Where others say which ids there are, nobody can ask for more.
absl::Status CheckIdCount(const api::Registration& registration) {
  const bool settled = registration.requested_maps.has_value() ||
                       registration.shared_user_namespace.valid();
  if (registration.range_size == syscont::kLeastIds || !settled) {
    return absl::OkStatus();
  }
  return InvalidArgument(
      "environment variable SYSBOX_IDS: the container's ids are those of {}",
      registration.requested_maps.has_value()
          ? "linux.uidMappings and linux.gidMappings"
          : "the container whose network it joins");
}

}  // namespace

absl::StatusOr<CheckedBundle> CheckBundle(const CreateOptions& options) {
  SYSBOX_RETURN_IF_ERROR(CheckHost(options.skip_kernel_check));
  CheckedBundle bundle;
  SYSBOX_ASSIGN_OR_RETURN(bundle.spec, LoadSpec(options));
  if (!bundle.spec.process.has_value()) {
    return InvalidArgument("process: missing");
  }
  SYSBOX_ASSIGN_OR_RETURN(bundle.syscont,
                          syscont::ParseOptions(*bundle.spec.process, {}));
  // Before the spec's own consistency: `--uts=host` deserves its own words,
  // not "hostname: needs a uts namespace".
  SYSBOX_RETURN_IF_ERROR(syscont::CheckSpec(bundle.spec, bundle.syscont));
  SYSBOX_RETURN_IF_ERROR(oci::ValidateSpec(bundle.spec), "config.json");
  SYSBOX_RETURN_IF_ERROR(syscont::CheckSelinux(bundle.spec, SelinuxEnforces()));
  SYSBOX_RETURN_IF_ERROR(CheckTerminal(options, *bundle.spec.process));
  SYSBOX_RETURN_IF_ERROR(CheckNamespacePaths(bundle.spec));
  const std::string& path = bundle.spec.root->path;
  SYSBOX_ASSIGN_OR_RETURN(
      bundle.rootfs,
      RealPath(absl::StartsWith(path, "/") ? path
                                           : options.bundle + "/" + path),
      "root.path \"{}\"", path);
  return bundle;
}

absl::StatusOr<Fd> SharedUserNamespace(const oci::Spec& spec) {
  for (const oci::Namespace& entry : spec.linux->namespaces) {
    std::optional<NamespaceType> type = NamespaceTypeOf(entry.type);
    if (entry.path.empty() || !type.has_value()) continue;
    SYSBOX_ASSIGN_OR_RETURN(Fd ns, OpenNamespacePath(entry.path, *type));
    Fd owner = std::move(ns);
    if (*type != NamespaceType::kUser) {
      SYSBOX_ASSIGN_OR_RETURN(owner, OwningUserNamespace(owner));
    }
    SYSBOX_ASSIGN_OR_RETURN(NamespaceId id, IdOf(owner));
    SYSBOX_ASSIGN_OR_RETURN(Fd own, OpenOwnNamespace(NamespaceType::kUser));
    SYSBOX_ASSIGN_OR_RETURN(NamespaceId own_id, IdOf(own));
    if (!(id == own_id)) return owner;
  }
  return Fd();
}

absl::StatusOr<api::Registered> RegisterContainer(const CreateOptions& options,
                                                  const CheckedBundle& bundle,
                                                  api::Manager& manager) {
  api::Registration registration;
  registration.id = options.id;
  registration.bundle = options.bundle;
  registration.rootfs = bundle.rootfs;
  registration.requested_maps = RequestedMaps(*bundle.spec.linux);
  SYSBOX_ASSIGN_OR_RETURN(registration.shared_user_namespace,
                          SharedUserNamespace(bundle.spec));
  registration.range_size = bundle.syscont.id_count;
  SYSBOX_RETURN_IF_ERROR(CheckIdCount(registration));
  registration.emulate = options.emulate;
  SYSBOX_ASSIGN_OR_RETURN(
      const std::vector<mounts::HostDataRoot> roots,
      mounts::FindHostDataRoots(bundle.spec, options.bundle, bundle.rootfs));
  for (const mounts::HostDataRoot& root : roots) {
    registration.host_data_roots.push_back(
        {root.target, root.path, root.names});
  }
  return manager.Register(std::move(registration));
}

absl::StatusOr<launch::Bundle> BundleForHooks(const CreateOptions& options,
                                              const oci::Spec& spec) {
  launch::Bundle bundle;
  if (!spec.hooks.has_value() || spec.hooks->create_container.empty()) {
    return bundle;
  }
  bundle.path = CleanPath(options.bundle);
  SYSBOX_ASSIGN_OR_RETURN(bundle.config,
                          ReadFile(ConfigPath(options), kMaxConfig));
  return bundle;
}

oci::StateFile InitialState(const CreateOptions& options,
                            const CheckedBundle& bundle,
                            const oci::Spec& converted,
                            const api::Registered& registered) {
  oci::StateFile state;
  state.sysbox_version = options.version;
  state.oci_version = converted.oci_version;
  state.id = options.id;
  state.created = FormatRfc3339(absl::Now());
  state.owner = "root";
  state.bundle = options.bundle;
  state.rootfs = bundle.rootfs;
  state.terminal = converted.process->terminal;
  state.no_new_keyring = options.no_new_keyring;
  state.uses_manager = options.uses_manager;
  state.intercepted = Intercepted(registered, converted);
  state.cgroup.driver = options.systemd_cgroup ? oci::CgroupDriver::kSystemd
                                               : oci::CgroupDriver::kCgroupfs;
  state.cgroup.cgroups_path = converted.linux->cgroups_path;
  state.cgroup.owner_uid = registered.maps.uids.ToHost(0).value_or(0);
  state.cgroup.owner_gid = registered.maps.gids.ToHost(0).value_or(0);
  state.cgroup.delegate = bundle.syscont.syscont_mode;
  state.honor_caps = bundle.syscont.honor_caps;
  state.uid_mappings = MappingsOf(registered.maps.uids);
  state.gid_mappings = MappingsOf(registered.maps.gids);
  state.config = converted;
  // Compiled, in a file of its own: StateDir::SaveSeccomp.
  state.config.linux->seccomp.reset();
  // As the user has them: an exec with SYSBOX_HONOR_CAPS asks for these.
  state.config.process->capabilities = bundle.spec.process->capabilities;
  return state;
}

}  // namespace sysbox::runtime
