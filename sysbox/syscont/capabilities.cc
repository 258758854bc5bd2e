#include <string>
#include <string_view>
#include <vector>

#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {
namespace {

std::vector<std::string> Names(CapabilitySet set) {
  std::vector<std::string> names;
  for (int number = 0; number < 64; ++number) {
    if ((set >> number & 1) == 0) continue;
    const std::string_view name = CapabilityName(number);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace

// Root gets every capability in all five sets. Others get none, but a full
// bounding set, so that setuid programs and exec regain them as on any host.
void SetProcessCapabilities(oci::Process& process, const Inputs& inputs) {
  if (inputs.options.honor_caps) return;
  const std::vector<std::string> all = Names(inputs.all_capabilities);
  oci::Capabilities sets;
  sets.bounding = all;
  if (process.user.uid == 0) {
    sets.effective = all;
    sets.inheritable = all;
    sets.permitted = all;
    sets.ambient = all;
  }
  process.capabilities = sets;
}

absl::Status SetCapabilities(oci::Spec& spec, const Inputs& inputs) {
  SetProcessCapabilities(*spec.process, inputs);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
