// OCI seccomp profile → classic BPF (architecture D10, performance.md 2).
// Our own generator: syscall numbers sorted into ranges and searched by JGE,
// argument rules in leaf blocks. libseccomp supplies the names, at build time,
// and is the oracle of the tests. Loads nothing; see linux/seccomp_filter.h.
#ifndef SYSBOX_SECCOMP_PROFILE_H_
#define SYSBOX_SECCOMP_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/oci/spec.h"
#include "sysbox/seccomp/override.h"

namespace sysbox::seccomp {

struct Program {
  // One struct sock_filter per element, as its 8 bytes (code, jt, jf, k).
  std::vector<uint64_t> instructions;
  unsigned int flags = 0;  // SECCOMP_FILTER_FLAG_*
};

// Compiles `profile`; `field` ("linux.seccomp") prefixes errors. Unknown
// syscall names are skipped, as runc does; unknown actions, operators,
// architectures and flags are errors naming their field. Semantics equal
// libseccomp's as used by runc 1.1: first the architecture, x32 refused
// unless listed, rules of one syscall or-ed; ENOSYS for syscalls newer than
// every one the profile knows when the default action is an errno (or any
// other that does not let calls run). README.md says where they differ.
//
// SCMP_ACT_NOTIFY in a rule needs `listener_path`. With it, or with an
// override to SECCOMP_RET_USER_NOTIF, flags has NEW_LISTENER, and loading
// returns the descriptor; there is one listener only, so not with both.
absl::StatusOr<Program> CompileProfile(
    const oci::Seccomp& profile, const std::string& field,
    absl::Span<const Override> overrides = {});

// The profile of a container without one, as a carrier of overrides: allows
// everything in every ABI of this machine.
oci::Seccomp UnconfinedProfile();

// For `features`: names in libseccomp's spelling, sorted.
std::vector<std::string> KnownActions();
std::vector<std::string> KnownOperators();
std::vector<std::string> KnownArchitectures();
std::vector<std::string> KnownFlags();
std::vector<std::string> SupportedFlags();  // as probed in this kernel

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_PROFILE_H_
