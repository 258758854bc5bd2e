#include "sysbox/runtime/interception.h"

#include <algorithm>

namespace sysbox::runtime {
namespace {

bool HasCpuQuota(const oci::Spec& spec) {
  if (!spec.linux->resources.has_value()) return false;
  const oci::Resources& resources = *spec.linux->resources;
  if (resources.cpu && resources.cpu->quota.value_or(-1) > 0) return true;
  const auto limit = resources.unified.find("cpu.max");
  return limit != resources.unified.end() && !limit->second.starts_with("max");
}

}  // namespace

bool Intercepted(const api::Registered& registered, const oci::Spec& spec) {
  if (!registered.intercepts) return false;
  if (!spec.linux->seccomp.has_value()) return true;
  const auto& rules = spec.linux->seccomp->syscalls;
  return std::none_of(rules.begin(), rules.end(), [](const auto& rule) {
    return rule.action == "SCMP_ACT_NOTIFY";
  });
}

trap::TrapOptions TrapOptionsOf(const syscont::Options& options,
                                const oci::Spec& spec) {
  return {.syscont_mode = options.syscont_mode,
          .ignore_sysfs_chown = options.ignore_sysfs_chown,
          .allow_trusted_xattr = options.allow_trusted_xattr,
          .allow_mounts = options.allow_mounts,
          .cpu_quota = options.syscont_mode && HasCpuQuota(spec)};
}

}  // namespace sysbox::runtime
