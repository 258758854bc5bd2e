// Picks the applet by argv[0], else by argv[1].

#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "sysbox/cli/sysbox_program.h"

int main(int argc, char** argv) {
#ifdef NDEBUG
  // Distributions build Abseil with the detection of lock cycles on, which
  // costs more than the locks. Our debug and sanitizer builds keep it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  return sysbox::cli::RunSysbox(std::vector<std::string>(argv, argv + argc));
}
