#include "integration/bench/goals.h"

#include <iterator>

#include "fmt/format.h"

namespace sysbox::bench {
namespace {

constexpr Goal kRunV1[] = {
    {"G1", "run", Compare::kAtMostTimes, 1.6, 1.3, "full"},
    {"G1", "run", Compare::kAtMostTimes, 0.35, 0, "crun"},
    {"G1", "run", Compare::kAtMostTimes, 0.18, 0, "runc"},
};
constexpr Goal kRunV2[] = {
    {"G2", "run", Compare::kAtMostTimes, 1.7, 0, "floor"},
    {"G2", "run", Compare::kAtMostTimes, 0.30, 0, "crun"},
};
// Nothing may be slower than crun; create has no goal but that.
constexpr Goal kAnywhere[] = {
    {"G3", "cpu", Compare::kAtMostTimes, 0.35, 0.25, "crun"},
    {"", "create", Compare::kAtMostTimes, 1, 0, "crun"},
    {"G7", "start", Compare::kAtMostTimes, 0.35, 0, "crun"},
    {"G7", "state", Compare::kAtMostTimes, 0.35, 0, "crun"},
    {"G7", "state", Compare::kAtMostTimes, 0, 1.3, "floor"},
    {"G6", "exec", Compare::kAtMostTimes, 0.25, 0, "crun"},
    {"G6", "exec", Compare::kAtMostTimes, 0.08, 0, "runc"},
    {"G6", "exec", Compare::kAtMostTimes, 0, 1.5, "floor"},
    {"G7", "kill", Compare::kAtMostTimes, 0.35, 0, "crun"},
    {"G7", "delete", Compare::kAtMostTimes, 0.35, 0, "crun"},
    {"G7", "version", Compare::kAtMostTimes, 0.35, 0, "crun"},
    {"G7", "version", Compare::kAtMostTimes, 0, 1.3, "floor"},
    {"G5", "at-once", Compare::kAtLeastTimes, 2.3, 3, "crun"},
    {"G17", "rss", Compare::kAtMost, 4.5, 3},
    {"G17", "daemon-rss", Compare::kAtMost, 8, 5},
    {"G4", "binds-20", Compare::kAtMostMore, 0.8, 0.4, "", "binds-0"},
    {"G4", "layers-50", Compare::kAtMostMore, 0.5, 0.3, "", "layers-10"},
    {"G4", "files-100000", Compare::kAtMostTimes, 1.1, 0, "", "files-10"},
};

bool Holds(Compare compare, double value, double bound) {
  return compare == Compare::kAtLeastTimes ? value >= bound : value <= bound;
}

Verdict VerdictOf(const Goal& goal, double value) {
  const bool stretch =
      goal.stretch != 0 && Holds(goal.compare, value, goal.stretch);
  if (stretch) return Verdict::kStretch;
  if (goal.bound == 0) return Verdict::kMet;  // nothing but a hope
  return Holds(goal.compare, value, goal.bound) ? Verdict::kMet
                                                : Verdict::kMissed;
}

}  // namespace

std::vector<Goal> GoalsOf(Host host) {
  std::vector<Goal> goals;
  if (host == Host::kV1) {
    goals.assign(std::begin(kRunV1), std::end(kRunV1));
  } else {
    goals.assign(std::begin(kRunV2), std::end(kRunV2));
  }
  goals.insert(goals.end(), std::begin(kAnywhere), std::end(kAnywhere));
  return goals;
}

std::string_view VerdictText(Verdict verdict) {
  constexpr std::string_view kTexts[] = {"not measured", "missed", "met",
                                         "met, stretch too"};
  return kTexts[static_cast<int>(verdict)];
}

Judged Judge(const Goal& goal, absl::Span<const Series> all,
             const std::string& subject) {
  Judged judged = {goal};
  const Series* own = FindSeries(all, std::string(goal.line), subject);
  if (own == nullptr) return judged;
  judged.value = Median(own->values);
  if (goal.compare != Compare::kAtMost) {
    const std::string_view line =
        goal.base_line.empty() ? goal.line : goal.base_line;
    const Series* other =
        FindSeries(all, std::string(line),
                   goal.other.empty() ? subject : std::string(goal.other));
    if (other == nullptr || Median(other->values) <= 0) return judged;
    const double base = Median(other->values);
    if (goal.compare == Compare::kAtMostMore) {
      judged.value = PairedDifference(own->values, other->values);
    } else if (!goal.base_line.empty()) {
      judged.value = 1 + PairedDifference(own->values, other->values) / base;
    } else {
      judged.value /= base;
    }
  }
  judged.verdict = VerdictOf(goal, judged.value);
  return judged;
}

std::string BoundText(const Goal& goal) {
  const double bound = goal.bound != 0 ? goal.bound : goal.stretch;
  const std::string_view base =
      goal.other.empty() ? goal.base_line : goal.other;
  switch (goal.compare) {
    case Compare::kAtMostTimes:
      return fmt::format("<= {:g} x {}", bound, base);
    case Compare::kAtLeastTimes:
      return fmt::format(">= {:g} x {}", bound, base);
    case Compare::kAtMost:
      return fmt::format("<= {:g}", bound);
    case Compare::kAtMostMore:
      return fmt::format("<= {} + {:g}", base, bound);
  }
  return "";
}

}  // namespace sysbox::bench
