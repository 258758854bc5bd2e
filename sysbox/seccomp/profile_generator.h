// Profiles made from bytes: random ones for tests, arbitrary ones for the
// fuzzer. For tests.
#ifndef SYSBOX_SECCOMP_PROFILE_GENERATOR_H_
#define SYSBOX_SECCOMP_PROFILE_GENERATOR_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/oci/spec.h"

namespace sysbox::seccomp {

// Hands out numbers made of `bytes`; 0 when they are used up.
class ByteSource {
 public:
  explicit ByteSource(absl::Span<const uint8_t> bytes) : bytes_(bytes) {}

  uint64_t Next(size_t width);  // of `width` bytes
  uint64_t Below(uint64_t limit) { return limit < 2 ? 0 : Next(4) % limit; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool empty() const { return bytes_.empty(); }

 private:
  absl::Span<const uint8_t> bytes_;
};

struct ProfileShape {
  std::vector<std::string> names = {};          // to choose calls from
  std::vector<std::string> architectures = {};  // to choose from
  bool valid = true;       // else words and numbers may be wrong
  bool one_action = true;  // of a call's rules with conditions
  bool many_rules = true;  // with conditions, per call
  size_t max_args = 6;     // conditions per rule
  // Values above 32 bits.
  bool wide = true;
};

oci::Seccomp GenerateProfile(const ProfileShape& shape, ByteSource* source);

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_PROFILE_GENERATOR_H_
