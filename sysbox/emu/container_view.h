// What the emulated files may know of their container and its host. Given by
// fsd/; fakes in tests. Thread-safe.
#ifndef SYSBOX_EMU_CONTAINER_VIEW_H_
#define SYSBOX_EMU_CONTAINER_VIEW_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/fd.h"

namespace sysbox::emu {
namespace views {
class ContainerResources;  // sysbox/emu/views/container_resources.h
}  // namespace views

// Settled when the container is registered, or at the latest activated.
struct ContainerFacts {
  std::string id;
  uid_t root_uid = 0;  // host ids of the container's root
  gid_t root_gid = 0;
  pid_t init = 0;          // host pid; 0 until activated
  int64_t started_ns = 0;  // of CLOCK_BOOTTIME; 0 until activated
};

// Values a container keeps for itself, by path ("/proc/sys/vm/swappiness").
// Survive the server's process.
class StoredValues {
 public:
  virtual ~StoredValues() = default;
  virtual std::optional<std::string> Get(std::string_view path) const = 0;
  virtual absl::Status Set(std::string_view path, std::string value) = 0;
};

// Which namespace a value belongs to.
enum class Scope { kHost, kNetwork, kIpc, kUts, kUser, kPid };

// Files of the host's own procfs and sysfs, opened as the caller's namespace
// of `scope` has them: the daemon's root, in that one namespace.
class KernelFiles {
 public:
  virtual ~KernelFiles() = default;
  virtual absl::StatusOr<std::string> Read(const fuse::Caller& caller,
                                           Scope scope,
                                           std::string_view path) = 0;
  virtual absl::Status Write(const fuse::Caller& caller, Scope scope,
                             std::string_view path, std::string_view data) = 0;
  // An O_RDONLY (O_DIRECTORY) or O_PATH descriptor, for listing and stat.
  virtual absl::StatusOr<Fd> Open(const fuse::Caller& caller, Scope scope,
                                  std::string_view path, int flags) = 0;
  // The inode number of the caller's namespace of `scope`; kHost: 0. EPERM
  // when that is the host's own: a container never reads or writes the host's
  // values as if they were its namespace's. Read, Write and Open answer the
  // same then.
  virtual absl::StatusOr<uint64_t> NamespaceOf(const fuse::Caller& caller,
                                               Scope scope) = 0;
};

// The host's own parameters, as far as its administrator lets containers
// change them. Whoever has one can: it is made where the flag is read.
class HostWrites {
 public:
  virtual ~HostWrites() = default;
  virtual bool Allows(std::string_view path) const = 0;
  // Makes the host's value at least `value`. EPERM unless allowed.
  virtual absl::Status Raise(std::string_view path, uint64_t value) = 0;
  virtual absl::Status Set(std::string_view path, std::string_view value) = 0;
};

class ContainerView {
 public:
  virtual ~ContainerView() = default;
  virtual ContainerFacts facts() const = 0;
  virtual StoredValues& values() = 0;
  virtual KernelFiles& kernel() = 0;
  // Null: nothing that is written here reaches the host.
  virtual HostWrites* host_writes() { return nullptr; }
  // The container's cgroups and samples of them, for the resource views. One
  // object for the container's life, made with it (it opens nothing before
  // its first use).
  virtual views::ContainerResources& resources() = 0;
};

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_CONTAINER_VIEW_H_
