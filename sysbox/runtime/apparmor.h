// Our AppArmor profile, as far as this host's kernel has it.
#ifndef SYSBOX_RUNTIME_APPARMOR_H_
#define SYSBOX_RUNTIME_APPARMOR_H_

#include <string>

namespace sysbox::runtime {

// `sysbox install` loads it.
inline constexpr char kAppArmorProfile[] = "sysbox-system-container";

// AppArmor is on, on this host.
bool HasAppArmor();

// kAppArmorProfile if the kernel has it and enforces it, else "".
std::string LoadedAppArmorProfile();

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_APPARMOR_H_
