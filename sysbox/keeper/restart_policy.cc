#include "sysbox/keeper/restart_policy.h"

#include <algorithm>
#include <csignal>

namespace sysbox::keeper {
namespace {

constexpr int kFirstDelayMs = 20;
constexpr int kLongestDelayMs = 5000;
constexpr int kLongLifeMs = 10'000;

bool KilledFromOutside(const ExitStatus& status) {
  return status.signal == SIGKILL || status.signal == SIGTERM ||
         status.signal == SIGINT || status.signal == SIGHUP;
}

}  // namespace

std::optional<int> RestartPolicy::AfterEnd(const Ended& ended) {
  ever_ready_ = ever_ready_ || ended.was_ready;
  if (ended.status.ShellCode() == 0 || !ever_ready_) return std::nullopt;
  const bool was_well = ended.was_ready && KilledFromOutside(ended.status);
  if (was_well || ended.lived_ms >= kLongLifeMs) crashes_ = 0;
  if (was_well) return 0;
  ++crashes_;
  const int doublings = std::min(crashes_ - 1, 10);
  return std::min(kFirstDelayMs << doublings, kLongestDelayMs);
}

}  // namespace sysbox::keeper
