// config.json to Spec and back, by the tables in spec_fields.h. Reading checks
// syntax and types only (`process.user.uid: expected a number, got a string`);
// values are validate.h's. Fields we do not know are skipped.
#ifndef SYSBOX_OCI_SPEC_JSON_H_
#define SYSBOX_OCI_SPEC_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/oci/spec.h"

namespace sysbox::oci {

absl::StatusOr<Spec> ParseSpec(std::string_view text);
// Indented by tabs, in runc's order of fields, without a line end.
std::string WriteSpec(const Spec& spec);

// The file of `exec --process`.
absl::StatusOr<Process> ParseProcess(std::string_view text);
// The file of `update --resources`.
absl::StatusOr<Resources> ParseResources(std::string_view text);
// A JSON array of hooks.
absl::StatusOr<std::vector<Hook>> ParseHookList(std::string_view text);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_SPEC_JSON_H_
