#include <algorithm>
#include <string_view>

#include "absl/strings/match.h"
#include "sysbox/base/strings.h"
#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

// What engines put on every container unless told otherwise. They deny mount
// and much of /proc, on which a system container depends. Ours, where it is
// loaded, is in their place. A profile the user chose is kept.
constexpr std::string_view kEngineDefaults[] = {
    "docker-default",      "cri-containerd.apparmor.d",
    "crio-default",        "nerdctl-default",
    "containers-default-",  // Podman appends its version
};

bool IsEngineDefault(std::string_view profile) {
  return std::any_of(std::begin(kEngineDefaults), std::end(kEngineDefaults),
                     [&](std::string_view name) {
                       return name.back() == '-'
                                  ? absl::StartsWith(ToAbsl(profile),
                                                     ToAbsl(name))
                                  : profile == name;
                     });
}

}  // namespace

void ReplaceDefaultAppArmorProfile(oci::Process& process,
                                   const Inputs& inputs) {
  if (IsEngineDefault(process.apparmor_profile)) {
    process.apparmor_profile = inputs.apparmor_profile;
  }
}

absl::Status ReplaceDefaultProfile(oci::Spec& spec, const Inputs& inputs) {
  ReplaceDefaultAppArmorProfile(*spec.process, inputs);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
