// Arbitrary profiles, wrong ones included: the generator returns an error or a
// program that the kernel would take, and no call makes it run away.

#include <linux/audit.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/seccomp/bpf_simulator.h"
#include "sysbox/seccomp/profile.h"
#include "sysbox/seccomp/profile_generator.h"
#include "sysbox/seccomp/syscall_table.h"

using sysbox::seccomp::AllSyscalls;
using sysbox::seccomp::ByteSource;
using sysbox::seccomp::CompileProfile;
using sysbox::seccomp::GenerateProfile;
using sysbox::seccomp::Override;
using sysbox::seccomp::ProfileShape;
using sysbox::seccomp::Simulate;
using sysbox::seccomp::SyscallRow;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ProfileShape shape = {
      .architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_ARM"},
      .valid = false,
      .one_action = false};
  for (const SyscallRow& row : AllSyscalls()) {
    shape.names.emplace_back(row.name);
  }
  ByteSource source(absl::Span<const uint8_t>(data, size));
  std::vector<Override> overrides;
  for (uint64_t i = source.Below(4); i > 0; --i) {
    overrides.push_back({shape.names[source.Below(shape.names.size())],
                         static_cast<uint32_t>(source.Next(4))});
  }
  const auto profile = GenerateProfile(shape, &source);
  const auto program = CompileProfile(profile, "seccomp", overrides);
  if (!program.ok()) return 0;
  if (!sysbox::seccomp::WhyInvalid(program->instructions).empty()) abort();
  for (const uint32_t arch :
       {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}}) {
    for (int number = -1; number < 600; number += 7) {
      seccomp_data call = {};
      call.nr = number;
      call.arch = arch;
      (void)Simulate(program->instructions, call);
    }
  }
  return 0;
}
