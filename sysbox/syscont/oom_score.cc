#include <algorithm>

#include "sysbox/syscont/transforms.h"

namespace sysbox::syscont {

// -1000 would exempt the container from the OOM killer altogether.
absl::Status LimitOomScore(oci::Spec& spec, const Inputs&) {
  constexpr int32_t kLowest = -999;
  auto& score = spec.process->oom_score_adj;
  if (score.has_value()) score = std::max(*score, kLowest);
  return absl::OkStatus();
}

}  // namespace sysbox::syscont
