// The SYSBOX_* variables of process.env (sysbox-behaviour.md 1.6) as options.
// Pure.
#ifndef SYSBOX_SYSCONT_OPTIONS_H_
#define SYSBOX_SYSCONT_OPTIONS_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::syscont {

// As many as every container has. More are for users inside who have
// subordinate ids beyond these.
inline constexpr uint32_t kLeastIds = 65536;

// What SYSBOX_* variables of process.env (and the administrator's defaults)
// settle. Parsed before registration; see ParseOptions.
struct Options {
  bool honor_caps = false;
  bool syscont_mode = true;
  bool ignore_sysfs_chown = false;
  bool allow_trusted_xattr = false;
  bool allow_mounts = false;  // the administrator's alone
  bool relaxed_read_only = false;
  bool kernel_files = true;  // the host kernel's modules and headers
  std::set<std::string> skip_uid_shift;  // mount destinations
  uint32_t id_count = kLeastIds;         // of users, and of groups
};

// Applies the SYSBOX_* variables in `process.env` on top of `defaults`. An
// unknown name, a malformed or an empty value is InvalidArgument naming the
// variable.
absl::StatusOr<Options> ParseOptions(const oci::Process& process,
                                     const Options& defaults);

// The same for an exec: `defaults` are the container's options, and only
// SYSBOX_HONOR_CAPS changes them. Takes every other SYSBOX_* variable out of
// `process.env`; an unknown name or a bad value is an error as above.
absl::StatusOr<Options> TakeExecOptions(oci::Process& process,
                                        const Options& defaults);

}  // namespace sysbox::syscont

#endif  // SYSBOX_SYSCONT_OPTIONS_H_
