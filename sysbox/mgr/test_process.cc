#include "sysbox/mgr/test_process.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "sysbox/base/status.h"

namespace sysbox::mgr {

OwnedChild StartIdleProcess(uint64_t clone_flags) {
  absl::StatusOr<std::optional<OwnedChild>> child =
      Clone({.flags = clone_flags, .into_cgroup = {}});
  if (!child.ok()) {
    fprintf(stderr, "%s\n", child.status().ToString().c_str());
    abort();
  }
  if (!child->has_value()) {
    (void)SetParentDeathSignal(SIGKILL);  // a failing test leaves nothing
    for (;;) pause();
  }
  return **std::move(child);
}

RegistrationOptions OptionsBelow(const testing::TempDir& dir) {
  RegistrationOptions options;
  options.data_root = dir / "data";
  options.subids = {dir / "subuid", dir / "subgid", dir / "login.defs",
                    dir / "run/subids.lock"};
  return options;
}

}  // namespace sysbox::mgr
