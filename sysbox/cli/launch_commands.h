// `create`, `start` and `run`: their flags, and what they do with them.
#ifndef SYSBOX_CLI_LAUNCH_COMMANDS_H_
#define SYSBOX_CLI_LAUNCH_COMMANDS_H_

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/cli/command_table.h"
#include "sysbox/cli/runtime_options.h"
#include "sysbox/runtime/create.h"

namespace sysbox::cli {

absl::Span<const FlagSpec> CreateFlags();
absl::Span<const FlagSpec> RunFlags();

// What `create` and `run` ask the runtime package for.
absl::StatusOr<runtime::CreateOptions> CreateOptionsOf(
    const Invocation& invocation, const RuntimeOptions& globals);

absl::StatusOr<int> RunCreate(const Invocation& invocation);
absl::StatusOr<int> RunStart(const Invocation& invocation);
absl::StatusOr<int> RunRun(const Invocation& invocation);

// Creates, starts and, unless `options.detach`, stands by the container and
// deletes it when it has ended. Returns its exit code.
struct RunOptions {
  runtime::CreateOptions create;
  bool keep = false;
  bool subreaper = true;
};
absl::StatusOr<int> RunContainer(const RunOptions& options,
                                 api::Manager& manager);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_LAUNCH_COMMANDS_H_
