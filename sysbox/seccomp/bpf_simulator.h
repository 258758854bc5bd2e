// Runs classic BPF seccomp programs as the kernel would. For tests.
#ifndef SYSBOX_SECCOMP_BPF_SIMULATOR_H_
#define SYSBOX_SECCOMP_BPF_SIMULATOR_H_

#include <linux/seccomp.h>

#include <cstdint>
#include <string>

#include "absl/types/span.h"

namespace sysbox::seccomp {

// Why the kernel would refuse `program` (net/core/filter.c
// bpf_check_classic, kernel/seccomp.c seccomp_check_filter), for the
// instructions a seccomp filter has use for; empty if it would take it.
std::string WhyInvalid(absl::Span<const uint64_t> program);

// One line per instruction, jumps with the lines they go to:
// "0: load 4", "1: A == 0xc000003e ? 2 : 7", "7: return 0x0".
std::string Disassemble(absl::Span<const uint64_t> program);

// What a valid `program` returns for `data`.
uint32_t Simulate(absl::Span<const uint64_t> program, const seccomp_data& data);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_BPF_SIMULATOR_H_
