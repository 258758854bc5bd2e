#include "sysbox/runtime/launch_plan_builder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/launch/namespace_flags.h"
#include "sysbox/oci/validate_sysctl.h"
#include "sysbox/runtime/namespace_names.h"
#include "sysbox/runtime/process_plan.h"

namespace sysbox::runtime {
namespace {

absl::Status AddNamespaces(const oci::Linux& linux, bool shares_user,
                           launch::LaunchPlan& plan) {
  for (size_t i = 0; i < linux.namespaces.size(); ++i) {
    const oci::Namespace& entry = linux.namespaces[i];
    std::optional<NamespaceType> type = NamespaceTypeOf(entry.type);
    if (!type.has_value()) {
      return InvalidArgument("linux.namespaces[{}].type: unknown value \"{}\"",
                             i, entry.type);
    }
    if (!entry.path.empty()) {
      plan.joined_namespaces.push_back({*type, entry.path});
    } else if (*type != NamespaceType::kUser || !shares_user) {
      plan.new_namespaces.push_back(*type);
    }
  }
  plan.share_network_owner = shares_user;
  return absl::OkStatus();
}

// Root inside has no CAP_NET_BIND_SERVICE over such a network, yet is who
// decides what listens there.
void AddPortsOfRoot(launch::LaunchPlan& plan) {
  constexpr char kPortStart[] = "net.ipv4.ip_unprivileged_port_start";
  const bool given = std::any_of(
      plan.sysctls.begin(), plan.sysctls.end(), [&](const auto& sysctl) {
        return oci::SysctlPath(sysctl.first) == oci::SysctlPath(kPortStart);
      });
  if (!given) plan.sysctls.emplace_back(kPortStart, "0");
}

// kernel.domainname, which is how Docker says --domainname, is a file of the
// host's root in every namespace; setdomainname(2) sets the same.
void AddSysctls(const oci::Spec& spec, launch::LaunchPlan& plan) {
  plan.domainname = spec.domainname;
  for (const auto& [name, value] : spec.linux->sysctl) {
    if (oci::SysctlPath(name) == "kernel/domainname") {
      plan.domainname = value;
    } else {
      plan.sysctls.emplace_back(name, value);
    }
  }
}

// Docker's own, in each of its containers, sets up the network namespace alone:
// it may run while init mounts.
bool LookAtRootfs(const std::vector<oci::Hook>& hooks) {
  return std::any_of(hooks.begin(), hooks.end(), [](const oci::Hook& hook) {
    return hook.args.empty() || hook.args.front() != "libnetwork-setkey";
  });
}

}  // namespace

absl::StatusOr<launch::LaunchPlan> BuildLaunchPlan(LaunchPlanInputs inputs) {
  const oci::Spec& spec = inputs.spec;
  launch::LaunchPlan plan;
  plan.id = std::move(inputs.id);
  SYSBOX_RETURN_IF_ERROR(AddNamespaces(
      *spec.linux, inputs.registered.shares_user_namespace, plan));
  plan.maps = inputs.registered.maps;
  plan.hostname = spec.hostname;
  AddSysctls(spec, plan);
  plan.network_of_host = inputs.network_of_host;
  if (plan.network_of_host) AddPortsOfRoot(plan);
  plan.time_offsets = spec.linux->time_offsets;
  // Processes of others that it sees are older than it is.
  plan.fresh_boot_clock =
      inputs.system_container && launch::MakesNew(plan, NamespaceType::kPid);
  plan.mounts = std::move(inputs.mounts);
  plan.bundle = std::move(inputs.bundle);
  if (spec.hooks.has_value()) {
    plan.create_container_hooks = spec.hooks->create_container;
    plan.start_container_hooks = spec.hooks->start_container;
    plan.rootfs_at_its_path = LookAtRootfs(spec.hooks->prestart) ||
                              LookAtRootfs(spec.hooks->create_runtime) ||
                              !spec.hooks->create_container.empty();
  }
  SYSBOX_ASSIGN_OR_RETURN(
      plan.process,
      BuildProcessPlan({*spec.process, spec.linux->seccomp,
                        spec.linux->personality, inputs.new_session_keyring,
                        inputs.preserve_fds, inputs.traps}));
  return plan;
}

}  // namespace sysbox::runtime
