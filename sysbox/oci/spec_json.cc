#include "sysbox/oci/spec_json.h"

#include "sysbox/json/codec.h"
#include "sysbox/oci/spec_fields.h"

namespace sysbox {

template struct json::Codec<oci::Process>;
template struct json::Codec<oci::Resources>;
template struct json::Codec<oci::Spec>;

}  // namespace sysbox

namespace sysbox::oci {

absl::StatusOr<Spec> ParseSpec(std::string_view text) {
  return json::Parse<Spec>(text);
}

std::string WriteSpec(const Spec& spec) {
  return json::Write(spec, {.indent = "\t"});
}

absl::StatusOr<Process> ParseProcess(std::string_view text) {
  return json::Parse<Process>(text);
}

absl::StatusOr<Resources> ParseResources(std::string_view text) {
  return json::Parse<Resources>(text);
}

absl::StatusOr<std::vector<Hook>> ParseHookList(std::string_view text) {
  return json::Parse<std::vector<Hook>>(text);
}

}  // namespace sysbox::oci
