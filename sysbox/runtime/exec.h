// `exec`: a further process in a running container.
#ifndef SYSBOX_RUNTIME_EXEC_H_
#define SYSBOX_RUNTIME_EXEC_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/launch/launcher.h"
#include "sysbox/oci/spec.h"
#include "sysbox/runtime/container.h"

namespace sysbox::runtime {

struct ExecOptions {
  oci::Process process;  // as asked for; the container's transforms still come
  std::string console_socket;
  std::string pid_file;
  bool detach = false;
  bool ignore_paused = false;  // runs when the container is resumed
  int preserve_fds = 0;
  std::vector<std::string> cgroups;  // SubCgroups' `wanted`; empty: the usual
  // Takes the listener of an intercepted container's new process. Without a
  // manager that can be reached the process runs, and what would have been
  // intercepted answers ENOSYS.
  api::Manager* manager = nullptr;
};

// Returns once the program runs. FailedPrecondition for a stopped or
// (unless ignored) paused container.
absl::StatusOr<launch::Launched> ExecInContainer(const Container& container,
                                                 const ExecOptions& options);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_EXEC_H_
