// The filter that libseccomp, driven as runc 1.1 drives it, makes of a
// profile: the oracle of the tests.
#ifndef SYSBOX_SECCOMP_LIBSECCOMP_FILTER_H_
#define SYSBOX_SECCOMP_LIBSECCOMP_FILTER_H_

#include <linux/seccomp.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sysbox/oci/spec.h"
#include "sysbox/seccomp/filter.h"

namespace sysbox::seccomp {

class LibseccompFilter {
 public:
  // `profile` has to be valid. nullopt if libseccomp refuses a rule.
  static std::optional<LibseccompFilter> Build(const oci::Seccomp& profile,
                                               Family family);

  // The action for `data`, with runc's ENOSYS stub in front.
  uint32_t Verdict(const seccomp_data& data) const;

  const std::vector<uint64_t>& program() const { return program_; }

 private:
  std::vector<uint64_t> program_;
  // Highest number named in the profile, by AUDIT_ARCH_* and x32-ness.
  std::map<std::pair<uint32_t, bool>, uint32_t> newest_;
};

}  // namespace sysbox::seccomp

#endif  // SYSBOX_SECCOMP_LIBSECCOMP_FILTER_H_
