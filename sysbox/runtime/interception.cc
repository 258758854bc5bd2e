#include "sysbox/runtime/interception.h"

#include <algorithm>

namespace sysbox::runtime {

bool Intercepted(const api::Registered& registered, const oci::Spec& spec) {
  if (!registered.intercepts) return false;
  if (!spec.linux->seccomp.has_value()) return true;
  const auto& rules = spec.linux->seccomp->syscalls;
  return std::none_of(rules.begin(), rules.end(), [](const auto& rule) {
    return rule.action == "SCMP_ACT_NOTIFY";
  });
}

trap::TrapOptions TrapOptionsOf(const syscont::Options& options) {
  return {.syscont_mode = options.syscont_mode,
          .ignore_sysfs_chown = options.ignore_sysfs_chown,
          .allow_trusted_xattr = options.allow_trusted_xattr,
          .allow_mounts = options.allow_mounts};
}

}  // namespace sysbox::runtime
