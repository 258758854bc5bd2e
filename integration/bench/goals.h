// The goals, as one table, and whether they are reached. Pure.
#ifndef INTEGRATION_BENCH_GOALS_H_
#define INTEGRATION_BENCH_GOALS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "integration/bench/statistics.h"

namespace sysbox::bench {

enum class Compare {
  kAtMostTimes,   // value <= bound x other
  kAtLeastTimes,  // value >= bound x other
  kAtMost,        // value <= bound, in the line's own unit
  kAtMostMore,    // value <= other + bound
};

// Holds for the sysbox subject's `line`; `other` is the subject whose same
// line, or with `base_line` whose that line, it is compared with.
struct Goal {
  std::string_view id;  // "G1"
  std::string_view line;
  Compare compare;
  double bound;
  double stretch;  // the bound to hope for; 0: none
  std::string_view other = "";
  std::string_view base_line = "";
};

enum class Host { kV1, kV2 };
std::vector<Goal> GoalsOf(Host host);

enum class Verdict { kUnknown, kMissed, kMet, kStretch };
// "met", "missed", "met, stretch too", "not measured".
std::string_view VerdictText(Verdict verdict);

struct Judged {
  Goal goal;
  double value = 0;  // in what the goal speaks of: a ratio, a difference, …
  Verdict verdict = Verdict::kUnknown;
};
// `subject`: whose numbers are judged.
Judged Judge(const Goal& goal, absl::Span<const Series> all,
             const std::string& subject);
// "<= 0.35 crun", "<= +0.8 ms", ">= 2.3 crun", "<= 4.5".
std::string BoundText(const Goal& goal);

}  // namespace sysbox::bench

#endif  // INTEGRATION_BENCH_GOALS_H_
