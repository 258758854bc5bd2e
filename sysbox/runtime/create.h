// `create`: from a bundle to a container that waits to be started. Every step
// is undone when a later one fails: nothing is left of a failed create.
#ifndef SYSBOX_RUNTIME_CREATE_H_
#define SYSBOX_RUNTIME_CREATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"
#include "sysbox/runtime/container.h"

namespace sysbox::runtime {

struct CreateOptions {
  std::string root;  // of state directories
  std::string id;
  std::string bundle;  // absolute
  std::string config;  // path; empty: BUNDLE/config.json
  std::string pid_file;
  std::string console_socket;
  bool detach = true;          // nobody will sit at the terminal
  bool start_at_once = false;  // by the caller, before anybody looks at it
  bool no_pivot = false;
  bool no_new_keyring = false;
  bool systemd_cgroup = false;
  bool skip_kernel_check = false;
  bool uses_manager = true;
  bool emulate = true;  // with the emulated files, where somebody serves them
  // Descriptors from 3 up that pass to the container: first those of socket
  // activation, of which it is told (sd_listen_fds(3)), then others.
  int listen_fds = 0;
  int preserve_fds = 0;
  bool notify_socket = false;  // somebody wants to hear that it is ready
  std::string version;         // of sysbox, for state.json
};

struct Created {
  Container container;
  // Init, waiting at the fifo; killed when this is dropped, so release it when
  // the container is to live on.
  OwnedChild init;
  Fd terminal_master;  // of a terminal without a console socket
};

// Errors: AlreadyExists for a taken id; InvalidArgument for a bad spec, naming
// the field; else what failed.
absl::StatusOr<Created> CreateContainer(const CreateOptions& options,
                                        api::Manager& manager);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_CREATE_H_
