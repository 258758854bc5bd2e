// dockerd's daemon.json, as far as registering a runtime goes. Pure.
#ifndef SYSBOX_CLI_DOCKER_CONFIG_H_
#define SYSBOX_CLI_DOCKER_CONFIG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sysbox::cli {

inline constexpr char kRuntimeName[] = "sysbox-runc";

// `text` (empty: no file yet) with runtimes.sysbox-runc.path set; the very
// same text if it is so already. All else in it stays.
absl::StatusOr<std::string> AddRuntime(std::string_view text,
                                       std::string_view runtime_path);

// `text` without runtimes.sysbox-runc. An empty "runtimes" that this leaves
// goes, too, or stays: a dockerd that reads a configuration without one keeps
// the runtimes it knows. FailedPrecondition if it is the default runtime.
enum class EmptyRuntimes { kRemoved, kKept };
absl::StatusOr<std::string> RemoveRuntime(
    std::string_view text, EmptyRuntimes empty = EmptyRuntimes::kRemoved);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCKER_CONFIG_H_
