#include "sysbox/cli/steps.h"

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/cli/print.h"

namespace sysbox::cli {

absl::Status Steps::Do(std::string_view what,
                       absl::FunctionRef<absl::Status()> change) const {
  if (dry_run_) return Print(fmt::format("would {}\n", what));
  SYSBOX_RETURN_IF_ERROR(change(), "{}", what);
  return Print(fmt::format("{}: done\n", what));
}

absl::Status Steps::Say(std::string_view what) const {
  return Print(fmt::format("{}\n", what));
}

}  // namespace sysbox::cli
