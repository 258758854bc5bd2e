// OCI profile → Filter: checks the profile's words, resolves its names in
// each ABI it lists, and lays their decisions out as ranges of numbers.
#ifndef SYSBOX_SECCOMP_FILTER_H_
#define SYSBOX_SECCOMP_FILTER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/oci/spec.h"
#include "sysbox/seccomp/decision.h"
#include "sysbox/seccomp/override.h"

namespace sysbox::seccomp {

// ABIs whose calls one kernel takes, libseccomp's names; native first.
using Family = absl::Span<const std::string_view>;
inline constexpr std::string_view kX86Family[] = {
    "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
inline constexpr std::string_view kArmFamily[] = {"SCMP_ARCH_AARCH64",
                                                  "SCMP_ARCH_ARM"};
// That of the machine this is built for.
Family OwnFamily();

// Errors name the field at fault, below `field`.
absl::StatusOr<Filter> BuildFilter(const oci::Seccomp& profile,
                                   const std::string& field,
                                   absl::Span<const Override> overrides,
                                   Family family);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_FILTER_H_
