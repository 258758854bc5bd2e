#include "sysbox/syscont/convert.h"

#include <string_view>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

struct Transform {
  std::string_view name;  // in front of its errors
  bool in_regular_mode;   // also without SYSBOX_SYSCONT_MODE
  absl::Status (*apply)(oci::Spec& spec, const Inputs& inputs);
};

// In this order: mounts put in front of the user's by a later row come before
// those of an earlier one only where that row says so.
constexpr Transform kTransforms[] = {
    {"namespaces", true, AddNamespaces},
    {"capabilities", false, SetCapabilities},
    {"security profile", false, ReplaceDefaultProfile},
    {"base mounts", false, AddBaseMounts},
    {"systemd", false, PrepareForSystemd},
    {"read-only rootfs", false, PrepareReadOnlyRootfs},
    {"hidden paths", false, RevealPaths},
    {"devices", false, AddOwnDevices},
    {"oom score", true, LimitOomScore},
    {"seccomp", false, WidenSeccomp},
};

}  // namespace

absl::StatusOr<oci::Spec> ConvertSpec(oci::Spec spec, const Inputs& inputs) {
  SYSBOX_RETURN_IF_ERROR(CheckSpec(spec, inputs.options));
  for (const Transform& transform : kTransforms) {
    if (!inputs.options.syscont_mode && !transform.in_regular_mode) continue;
    SYSBOX_RETURN_IF_ERROR(transform.apply(spec, inputs), "{}", transform.name);
  }
  return spec;
}

absl::StatusOr<oci::Process> ConvertExecProcess(oci::Process process,
                                                const Inputs& inputs) {
  Inputs exec = inputs;
  SYSBOX_ASSIGN_OR_RETURN(exec.options,
                          TakeExecOptions(process, inputs.options));
  if (!exec.options.syscont_mode) return process;
  SetProcessCapabilities(process, exec);
  ReplaceDefaultAppArmorProfile(process, exec);
  return process;
}

}  // namespace sysbox::syscont
