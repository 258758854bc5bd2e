// A container's state as others read it (runtime.md "State": hooks, `state`,
// `list`) and as we keep it ourselves (state.json in the state directory).
// Text to structs and back; files are the runtime package's.
#ifndef SYSBOX_OCI_STATE_H_
#define SYSBOX_OCI_STATE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

enum class ContainerStatus { kCreating, kCreated, kRunning, kPaused, kStopped };
// "creating", "created", … as in JSON.
std::string_view Name(ContainerStatus status);

// What hooks get on standard input.
struct HookState {
  std::string oci_version{kOciVersion};
  std::string id;
  ContainerStatus status = ContainerStatus::kCreating;
  int32_t pid = 0;     // in the runtime's pid namespace; 0 is left out
  std::string bundle;  // absolute
  std::map<std::string, std::string> annotations;
};
std::string WriteHookState(const HookState& state);  // compact
absl::StatusOr<HookState> ParseHookState(std::string_view text);

// What `state` and `list --format json` print: runc's fields in runc's order.
struct ContainerSummary {
  std::string oci_version{kOciVersion};
  std::string id;
  int32_t pid = 0;  // 0 when stopped
  ContainerStatus status = ContainerStatus::kStopped;
  std::string bundle;
  std::string rootfs;
  std::string created;  // RFC 3339
  std::map<std::string, std::string> annotations;
  std::string owner;
};
// `state`: indented by two blanks, as runc's, without a line end.
std::string WriteSummary(const ContainerSummary& summary);
// `list --format json`: one compact array ("[]" rather than runc's "null").
std::string WriteSummaries(const std::vector<ContainerSummary>& summaries);

enum class CgroupDriver { kCgroupfs, kSystemd };

// What it takes to open a container's cgroup again.
struct CgroupState {
  CgroupDriver driver = CgroupDriver::kCgroupfs;
  std::string cgroups_path;  // linux.cgroupsPath
  uint32_t owner_uid = 0;    // host ids of the delegated child's owner
  uint32_t owner_gid = 0;
  bool delegate = true;
};

// state.json. Where a field means what runc's does it has runc's name, since
// monitoring tools read it (cgroup_paths, init_process_pid).
struct StateFile {
  // Of this layout; ParseStateFile refuses newer ones. In format 1 `config`
  // has the seccomp profile; since 2 the compiled program lies beside it.
  static constexpr uint32_t kFormat = 2;
  uint32_t format = kFormat;
  std::string sysbox_version;
  std::string oci_version{kOciVersion};  // that config.json named
  std::string id;
  int32_t init_pid = 0;     // 0: not launched yet
  uint64_t init_start = 0;  // starttime of proc(5)'s stat, in clock ticks
  std::string created;      // RFC 3339
  std::string owner;        // user name, or the uid as text
  std::string bundle;       // absolute
  std::string rootfs;       // absolute
  std::string upper_layer;  // of a rootfs that is an overlay
  // In it, where engines inside keep their data.
  std::vector<std::string> data_roots;
  bool terminal = false;
  bool no_new_keyring = false;
  bool honor_caps = false;  // the container's setting; an exec may override
  // Registered with a manager; `delete` unregisters.
  bool uses_manager = false;
  // The filter's listener goes to the manager, as that of every exec does.
  bool intercepted = false;
  bool rootless = false;  // always; for those who read runc's
  CgroupState cgroup;
  std::map<std::string, std::string> cgroup_paths;  // controller → directory
  // "NEWNET" → "/proc/PID/ns/net"
  std::map<std::string, std::string> namespace_paths;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  Spec config;  // converted, as launched
};
std::string WriteStateFile(const StateFile& state);  // compact
absl::StatusOr<StateFile> ParseStateFile(std::string_view text);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_STATE_H_
