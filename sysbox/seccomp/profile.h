// OCI seccomp profile → classic BPF (architecture D10, performance.md 2).
// Our own generator: syscall numbers sorted into ranges and searched by JGE,
// argument rules in leaf blocks. libseccomp supplies names, architectures and
// the oracle of the tests; no other package includes it.
#ifndef SYSBOX_SECCOMP_PROFILE_H_
#define SYSBOX_SECCOMP_PROFILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

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
// every one the profile knows when the default action is an errno.
absl::StatusOr<Program> CompileProfile(const oci::Seccomp& profile,
                                       const std::string& field);

// For `features`: names in libseccomp's spelling, sorted.
std::vector<std::string> KnownActions();
std::vector<std::string> KnownOperators();
std::vector<std::string> KnownArchitectures();
std::vector<std::string> KnownFlags();
std::vector<std::string> SupportedFlags();  // as probed in this kernel

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_PROFILE_H_
