// Descriptors that must outlive this process, by name: held by the keeper,
// which gives them to the next worker. Names are stable: "fuse.ID.static",
// "fuse.ID.live".
#ifndef SYSBOX_REGISTRY_DESCRIPTOR_VAULT_H_
#define SYSBOX_REGISTRY_DESCRIPTOR_VAULT_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::registry {

class DescriptorVault {
 public:
  virtual ~DescriptorVault() = default;
  // Keeps a duplicate; replaces what had that name.
  virtual absl::Status Hold(const std::string& name, FdRef fd) = 0;
  // Unknown names are fine.
  virtual void Drop(const std::string& name) = 0;
  // What was held when this process began; each once. NotFound if nothing.
  virtual absl::StatusOr<Fd> Take(const std::string& name) = 0;
};

}  // namespace sysbox::registry

#endif  // SYSBOX_REGISTRY_DESCRIPTOR_VAULT_H_
