// The user's config.json turned into a system container's: an ordered table
// of pure transforms, one per file (architecture 2, sysbox-behaviour.md 2).
// No system calls: everything about the host comes in through Inputs.
#ifndef SYSBOX_SYSCONT_CONVERT_H_
#define SYSBOX_SYSCONT_CONVERT_H_

#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/credentials.h"
#include "sysbox/oci/spec.h"

namespace sysbox::syscont {

// What SYSBOX_* variables of process.env (and the administrator's defaults)
// settle. Parsed before registration; see ParseOptions.
struct Options {
  bool honor_caps = false;
  bool syscont_mode = true;
  bool ignore_sysfs_chown = false;
  bool allow_trusted_xattr = false;
  bool relaxed_read_only = false;
  std::set<std::string> skip_uid_shift;  // mount destinations
};

// Applies the SYSBOX_* variables in `process.env` on top of `defaults`. An
// unknown name, a malformed or an empty value is InvalidArgument naming the
// variable.
absl::StatusOr<Options> ParseOptions(const oci::Process& process,
                                     const Options& defaults);

struct Inputs {
  Options options;
  CapabilitySet all_capabilities = 0;  // 0 .. cap_last_cap
};

// The checks that refuse a spec a system container cannot be made from
// (host namespaces, --privileged, …): one clear line each. Run before
// anything is registered or made.
absl::Status CheckSpec(const oci::Spec& spec, const Options& options);

// Applies every transform in order.
absl::StatusOr<oci::Spec> ConvertSpec(oci::Spec spec, const Inputs& inputs);

// The process part alone, for exec: capabilities, SYSBOX_* handling.
absl::StatusOr<oci::Process> ConvertExecProcess(oci::Process process,
                                                const Inputs& inputs);

}  // namespace sysbox::syscont

#endif  // SYSBOX_SYSCONT_CONVERT_H_
