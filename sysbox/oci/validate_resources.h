// The `linux.resources` object of config.json, also alone as
// `update --resources` has it: ranges and spellings, not what the host has.
#ifndef SYSBOX_OCI_VALIDATE_RESOURCES_H_
#define SYSBOX_OCI_VALIDATE_RESOURCES_H_

#include <string_view>

#include "absl/status/status.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// The first thing wrong, as InvalidArgument: "<field>.memory.limit: …".
absl::Status ValidateResources(const Resources& resources,
                               std::string_view field = "linux.resources");

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_VALIDATE_RESOURCES_H_
