// The containers that the daemon's roles serve: who they are, and the values
// they keep. The manager decides who is in it and tells (api/daemon_part.h);
// which ids belong to whom is its ledger's business. Thread-safe.
#ifndef SYSBOX_REGISTRY_CONTAINER_REGISTRY_H_
#define SYSBOX_REGISTRY_CONTAINER_REGISTRY_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/registry/value_store.h"

namespace sysbox::registry {

// A container's process 1, as the host sees it.
struct ContainerInit {
  pid_t pid = 0;           // 0: not activated yet
  int64_t started_ns = 0;  // of CLOCK_BOOTTIME
  NamespaceId user_namespace;
};

// Lives as long as somebody holds it; what it says stays true of the container
// it was made for.
class Container {
 public:
  Container(std::string id, std::string rootfs, const IdMaps& maps,
            std::unique_ptr<ValueStore> values);

  const std::string& id() const { return id_; }
  // On the host; "": not known.
  const std::string& rootfs() const { return rootfs_; }
  // Host ids of the container's root.
  uid_t root_uid() const { return root_uid_; }
  gid_t root_gid() const { return root_gid_; }
  ValueStore& values() { return *values_; }
  ContainerInit init() const;

 private:
  friend class ContainerRegistry;
  void SetInit(const ContainerInit& init);

  const std::string id_;
  const std::string rootfs_;
  const uid_t root_uid_;
  const gid_t root_gid_;
  const std::unique_ptr<ValueStore> values_;
  mutable absl::Mutex mu_;
  ContainerInit init_ ABSL_GUARDED_BY(mu_);
};

class ContainerRegistry {
 public:
  // `directory` holds a file of values per container that has stored some;
  // made 0700 if missing.
  static absl::StatusOr<std::unique_ptr<ContainerRegistry>> Open(
      std::string directory);

  // A container that is being made. What another of that id left is dropped.
  absl::StatusOr<std::shared_ptr<Container>> Add(
      const std::string& id, const IdMaps& maps,
      const std::string& rootfs = "");
  // One that lived before this process did, with the values it stored.
  absl::StatusOr<std::shared_ptr<Container>> Adopt(
      const std::string& id, const IdMaps& maps, pid_t init,
      const std::string& rootfs = "");
  // Its init exists. NotFound if there is no such container.
  absl::Status Activate(std::string_view id, pid_t init);
  // Forgets it and what it stored. Unknown ids are fine.
  absl::Status Remove(std::string_view id);
  // Deletes what was there at Open and is of no container that is here. Not
  // what came since: containers may store values all the while.
  absl::Status RemoveStrayValues();

  std::shared_ptr<Container> Find(std::string_view id) const;  // or null
  std::vector<std::shared_ptr<Container>> All() const;         // by id

 private:
  ContainerRegistry(std::string directory, std::vector<std::string> found)
      : directory_(std::move(directory)), found_(std::move(found)) {}
  std::string PathOf(std::string_view id) const;
  absl::StatusOr<std::shared_ptr<Container>> Insert(const std::string& id,
                                                    const IdMaps& maps,
                                                    const std::string& rootfs);

  const std::string directory_;
  const std::vector<std::string> found_;  // the names in it at Open
  mutable absl::Mutex mu_;
  std::map<std::string, std::shared_ptr<Container>, std::less<>> containers_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::registry

#endif  // SYSBOX_REGISTRY_CONTAINER_REGISTRY_H_
