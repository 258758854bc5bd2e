// The bundle that everybody launches: busybox, and what Docker asks of a
// runtime (namespaces, mounts, masks, seccomp profile, device rules), with
// limits of memory, CPU and processes.
#ifndef INTEGRATION_BENCH_BUNDLE_H_
#define INTEGRATION_BENCH_BUNDLE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::bench {

enum class Ids {
  kOnDisk,    // the rootfs is chowned; config.json has the user namespace
  kByRuntime  // the rootfs is 0:0; config.json leaves ids to the runtime
};
// The host's id of container root with kOnDisk. The floor has the same.
inline constexpr uint32_t kHostId = 231072;

// `profile_path`: a config.json to take the seccomp profile from. Root path
// and cgroup path are left to be set.
absl::StatusOr<oci::Spec> BuildSpec(const std::string& profile_path, Ids ids);

// A root directory with a static `busybox`.
absl::Status MakeRootfs(const std::string& busybox, const std::string& path,
                        Ids ids);
// Makes the directory `bundle` with config.json, and for the floor
// seccomp.bpf.
absl::Status WriteBundle(const oci::Spec& spec, const std::string& bundle);
absl::Status WriteSeccompProgram(const oci::Spec& spec,
                                 const std::string& bundle);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_BUNDLE_H_
