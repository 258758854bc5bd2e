// Everything decided before a container's or an exec's first process exists:
// immutable input of launcher.h. Pure data.
#ifndef SYSBOX_LAUNCH_LAUNCH_PLAN_H_
#define SYSBOX_LAUNCH_LAUNCH_PLAN_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/ids/id_range.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mounts/mount_plan.h"
#include "sysbox/oci/spec.h"

namespace sysbox::launch {

struct ResourceLimit {
  int resource = 0;  // RLIMIT_*
  uint64_t soft = 0;
  uint64_t hard = 0;
};

// One program to become, inside a container.
struct ProcessPlan {
  std::vector<std::string> args;  // not empty
  std::vector<std::string> env;   // HOME is added from passwd when absent
  std::string cwd = "/";
  bool make_cwd = true;  // if it is missing
  uid_t uid = 0;         // container ids
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::optional<mode_t> umask;
  CapabilitySets capabilities;
  bool no_new_privileges = false;
  std::vector<ResourceLimit> limits;
  std::optional<int> oom_score_adj;
  std::vector<uint64_t> seccomp_program;  // empty: none
  unsigned int seccomp_flags = 0;
  std::string apparmor_profile;
  std::string selinux_label;
  std::optional<unsigned long> personality;
  bool new_session_keyring = true;
  bool terminal = false;
  uint16_t terminal_rows = 0;  // 0: leave
  uint16_t terminal_columns = 0;
  int preserve_fds = 0;  // keep 3 .. 3+n-1
};

// A namespace to join by path instead of making a new one.
struct JoinedNamespace {
  NamespaceType type;
  std::string path;
};

// What hooks are told to read (init_bundle.h).
struct Bundle {
  std::string path;    // absolute, clean
  std::string config;  // its config.json
};

struct LaunchPlan {
  std::string id;
  std::vector<NamespaceType> new_namespaces;
  std::vector<JoinedNamespace> joined_namespaces;
  IdMaps maps;
  // Join the user namespace that owns the joined network namespace
  // (`--net=container:X`) instead of making one.
  bool share_network_owner = false;
  // The joined network namespace is the host's root's (host_network.h).
  bool network_of_host = false;
  std::string hostname;
  std::string domainname;
  std::vector<std::pair<std::string, std::string>> sysctls;  // "net.x.y", v
  // Of its new time namespace's clocks.
  std::map<std::string, oci::TimeOffset> time_offsets;
  // Its boot clock begins with init, as the /proc/uptime that it is shown.
  bool fresh_boot_clock = false;
  mounts::MountPlan mounts;
  // Hooks before pivot_root find all of it at the rootfs's path: those on the
  // host run once it is there. False if none of them looks.
  bool rootfs_at_its_path = false;
  Bundle bundle;  // only for createContainer's hooks
  std::vector<oci::Hook> create_container_hooks;  // run by init, before pivot
  std::vector<oci::Hook> start_container_hooks;   // run by init, before exec
  ProcessPlan process;
};

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_LAUNCH_PLAN_H_
