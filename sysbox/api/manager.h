// What a runtime asks of the manager, whoever that is: the daemon over its
// socket (client.h), an embedded one for the life of a command (mgr/), or
// none. One round trip registers a container.
#ifndef SYSBOX_API_MANAGER_H_
#define SYSBOX_API_MANAGER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"

namespace sysbox::api {

// A directory of the host's that the container has where an engine inside
// keeps its data, to write to.
struct HostDataRoot {
  std::string target;  // inside: "/var/lib/docker"
  std::string path;    // real path on the host
  // "DEVICE:INODE" and the path below it, for the directory itself first (or
  // for what exists of it), then for those above it. Two paths lead to one
  // directory if the first of the one is among those of the other.
  std::vector<std::string> names;
};

struct Registration {
  std::string id;
  std::string bundle;
  std::string rootfs;
  // Maps from config.json (userns-remap, Kubernetes): used as they are.
  std::optional<IdMaps> requested_maps;
  // The user namespace that owns a network namespace the container joins
  // (`--net=container:X`): the container shares it and its range. The
  // manager finds X's registration by this namespace's identity.
  Fd shared_user_namespace;
  uint32_t range_size = 65536;
  bool emulate = false;  // wants the emulated files of /proc and /sys
  std::vector<HostDataRoot> host_data_roots = {};
};

// The administrator's defaults, each overridable per container by its
// SYSBOX_* variable (sysbox-behaviour.md 1.4, 1.6).
struct Policy {
  bool honor_caps = false;
  bool syscont_mode = true;
  bool ignore_sysfs_chown = false;
  bool allow_trusted_xattr = false;
  bool relaxed_read_only = false;
  bool fsuid_map_fail_on_error = false;
  bool kernel_files = true;  // the host kernel's modules and headers
  // Some file systems that the kernel reserves for the host's root.
  bool allow_mounts = false;
  bool allow_immutable_remounts = false;
  bool allow_immutable_unmounts = true;
};

// A container's two emulated filesystems, as detached mounts without a place:
// fsmount(2)'s descriptors. Both or none are valid.
struct EmulatedFilesystems {
  Fd static_files;
  Fd live_files;
  bool valid() const { return static_files.valid() && live_files.valid(); }
};

struct Registered {
  IdMaps maps;
  bool shares_user_namespace = false;
  Policy policy;
  // Invalid if not asked for, or if nobody here emulates.
  EmulatedFilesystems emulated = {};
  // Wants the listener of the container's seccomp filter, and of each exec's.
  bool intercepts = false;
};

struct ContainerSummary {
  std::string id;
  std::string bundle;
  std::string rootfs;
  pid_t pid = 0;  // 0 until activated
  IdMaps maps;
};

class Manager {
 public:
  virtual ~Manager() = default;
  // Reserves ids for `registration.id` (AlreadyExists if it is active). Until
  // Activate, the reservation lives no longer than this Manager object.
  virtual absl::StatusOr<Registered> Register(Registration registration) = 0;
  // The container's init exists; from now on it, not this object, keeps the
  // reservation alive.
  virtual absl::Status Activate(const std::string& id, const Pidfd& init) = 0;
  // The listener of a seccomp filter of one of the container's processes: from
  // now on the manager answers what it traps. Only if Registered::intercepts.
  virtual absl::Status Listen(const std::string& id, FdRef listener) = 0;
  // The address under which containers inside reach the resolver 127.0.0.11 of
  // an active container's network, too; "" if nobody here provides one.
  virtual absl::StatusOr<std::string> AliasDns(const std::string& id) {
    (void)id;
    return std::string();
  }
  // Frees what Register reserved. Unknown ids are fine.
  virtual absl::Status Unregister(const std::string& id) = 0;
  virtual absl::StatusOr<std::vector<ContainerSummary>> List() = 0;
};

}  // namespace sysbox::api

#endif  // SYSBOX_API_MANAGER_H_
