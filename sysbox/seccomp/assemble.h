// Filter → classic BPF: architecture, then a binary search for the range the
// number is in, then the argument tests of that range's decision.
#ifndef SYSBOX_SECCOMP_ASSEMBLE_H_
#define SYSBOX_SECCOMP_ASSEMBLE_H_

#include <cstdint>
#include <vector>

#include "sysbox/seccomp/decision.h"

namespace sysbox::seccomp {

// Each element is one struct sock_filter as its 8 bytes. The caller checks
// the length against BPF_MAXINSNS.
std::vector<uint64_t> AssembleFilter(const Filter& filter);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_ASSEMBLE_H_
