// The user's config.json turned into a system container's: an ordered table
// of pure transforms, one per file (architecture 2, sysbox-behaviour.md 2).
// No system calls: everything about the host comes in through Inputs.
#ifndef SYSBOX_SYSCONT_CONVERT_H_
#define SYSBOX_SYSCONT_CONVERT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/oci/spec.h"
#include "sysbox/syscont/check.h"
#include "sysbox/syscont/options.h"

namespace sysbox::syscont {

struct Inputs {
  Options options;
  CapabilitySet all_capabilities = 0;  // 0 .. cap_last_cap
  bool time_namespaces = true;         // the kernel has them (Linux 5.6)
  // In place of an engine's default one; "": none is loaded.
  std::string apparmor_profile = {};
  // Calls that are trapped and answered without the kernel: safe to allow,
  // whatever capabilities the profile ties them to.
  std::vector<std::string_view> answered_syscalls = {};
  // Of /dev/fuse and /dev/net/tun those that the host has.
  std::vector<oci::Device> own_devices = {};
  bool has_systemd = false;  // the image does, whatever it starts
};

// Applies every transform in order. In regular-container mode only those that
// hold for any container with a user namespace.
absl::StatusOr<oci::Spec> ConvertSpec(oci::Spec spec, const Inputs& inputs);

// The process part alone, for exec: capabilities, SYSBOX_* handling. Of the
// variables only SYSBOX_HONOR_CAPS acts on an exec; the others are taken out
// of the environment.
absl::StatusOr<oci::Process> ConvertExecProcess(oci::Process process,
                                                const Inputs& inputs);

}  // namespace sysbox::syscont

#endif  // SYSBOX_SYSCONT_CONVERT_H_
