// The config.json that `sysbox-runc spec` writes: a system container with a
// shell on a terminal, to be edited.
#ifndef SYSBOX_OCI_DEFAULT_SPEC_H_
#define SYSBOX_OCI_DEFAULT_SPEC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// `--id-map "UID GID SIZE"`: the host ids that container ids 0..size-1 get.
struct IdMapArgument {
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t size = 0;
};
// Three decimal numbers with blanks between; size at least 65536, and no id
// beyond 4294967294.
absl::StatusOr<IdMapArgument> ParseIdMapArgument(std::string_view text);

struct DefaultSpecOptions {
  std::vector<std::string> capabilities;  // for every set; by name
  std::optional<IdMapArgument> id_map;    // also asks for a user namespace
};
Spec DefaultSpec(const DefaultSpecOptions& options);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_DEFAULT_SPEC_H_
