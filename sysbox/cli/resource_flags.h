// `update`'s flags as resources. Pure.
#ifndef SYSBOX_CLI_RESOURCE_FLAGS_H_
#define SYSBOX_CLI_RESOURCE_FLAGS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/cli/parse_flags.h"
#include "sysbox/oci/spec.h"

namespace sysbox::cli {

// The flags that set one resource each.
std::vector<FlagSpec> ResourceFlags();
absl::StatusOr<oci::Resources> ResourcesOf(const FlagValues& flags);

// Takes out what is zero or empty: to runc, and so to Docker, which fills in
// every field, that means "unchanged".
void DropZeros(oci::Resources& resources);

// Bytes: "1024", "512k", "1.5g", "2GiB"; powers of 1024 (go-units RAMInBytes).
absl::StatusOr<int64_t> ParseSize(std::string_view text);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_RESOURCE_FLAGS_H_
