#include "sysbox/cli/daemon_config.h"

#include <algorithm>
#include <string>

#include "sysbox/base/status.h"
#include "sysbox/json/codec.h"
#include "sysbox/json/document.h"

namespace sysbox::cli {
namespace {

// As a flag's value: a string without its quotes, others as they are written.
absl::StatusOr<std::string> ValueText(const std::string& raw) {
  if (!raw.starts_with('"')) return raw;
  return json::Parse<std::string>(raw);
}

}  // namespace

absl::Status AddConfig(absl::Span<const FlagSpec> flags, std::string_view text,
                       FlagValues* values) {
  SYSBOX_ASSIGN_OR_RETURN(const json::Document config,
                          json::Document::Parse(text));
  for (const std::string& key : config.Keys({})) {
    const auto* flag =
        std::find_if(flags.begin(), flags.end(),
                     [&](const FlagSpec& row) { return row.name == key; });
    if (flag == flags.end()) return InvalidArgument("unknown key \"{}\"", key);
    if (values->Has(*flag)) continue;
    const std::string path[] = {key};
    SYSBOX_ASSIGN_OR_RETURN(
        std::string value, ValueText(config.Get(path).value_or("")), "{}", key);
    SYSBOX_RETURN_IF_ERROR(values->Add(*flag, flag->name, std::move(value)));
  }
  return absl::OkStatus();
}

}  // namespace sysbox::cli
