#include "sysbox/runtime/stop_signal.h"

#include <signal.h>

#include <string>

#include "fmt/format.h"
#include "sysbox/linux/file.h"

namespace sysbox::runtime {
namespace {

bool IsSystemd(const Pidfd& init) {
  const auto name = ReadFile(fmt::format("/proc/{}/comm", init.pid()));
  return name.ok() && *name == "systemd\n";
}

}  // namespace

absl::Status SignalInit(const Pidfd& init, int signal) {
  if (signal == SIGTERM && IsSystemd(init)) signal = SIGRTMIN + 3;
  return init.Signal(signal);
}

}  // namespace sysbox::runtime
