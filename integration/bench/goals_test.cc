#include "integration/bench/goals.h"

#include <vector>

#include "catch2/catch.hpp"

namespace sysbox::bench {
namespace {

constexpr Goal kRatio = {"G1", "run", Compare::kAtMostTimes, 0.5, 0.25, "crun"};
constexpr Goal kRate = {"G5", "at-once", Compare::kAtLeastTimes, 2, 3, "crun"};
constexpr Goal kSize = {"G17", "rss", Compare::kAtMost, 4.5, 3};
constexpr Goal kGrowth = {"G4", "binds-20", Compare::kAtMostMore, 0.8, 0.4,
                          "",   "binds-0"};

Series Of(const std::string& line, const std::string& subject, double value) {
  return {line, subject, "ms", {value}};
}

Verdict VerdictOn(const Goal& goal, const std::vector<Series>& all) {
  return Judge(goal, all, "sysbox").verdict;
}

}  // namespace

TEST_CASE("a ratio is judged by both medians") {
  auto at = [](double own) {
    return VerdictOn(kRatio, {Of("run", "sysbox", own), Of("run", "crun", 10)});
  };
  CHECK(at(2.5) == Verdict::kStretch);
  CHECK(at(5.0) == Verdict::kMet);
  CHECK(at(5.1) == Verdict::kMissed);
}

TEST_CASE("of a rate, more is better") {
  auto at = [](double own) {
    return VerdictOn(kRate,
                     {Of("at-once", "sysbox", own), Of("at-once", "crun", 10)});
  };
  CHECK(at(31) == Verdict::kStretch);
  CHECK(at(21) == Verdict::kMet);
  CHECK(at(19) == Verdict::kMissed);
}

TEST_CASE("a size stands alone") {
  CHECK(VerdictOn(kSize, {Of("rss", "sysbox", 4)}) == Verdict::kMet);
  CHECK(VerdictOn(kSize, {Of("rss", "sysbox", 5)}) == Verdict::kMissed);
}

TEST_CASE("growth is the difference to the subject's own smaller line") {
  const Judged judged = Judge(
      kGrowth, {Of("binds-0", "sysbox", 10), Of("binds-20", "sysbox", 10.5)},
      "sysbox");
  CHECK(judged.value == Approx(0.5));
  CHECK(judged.verdict == Verdict::kMet);
}

TEST_CASE("growth is taken round by round") {
  const Judged judged = Judge(kGrowth,
                              {{"binds-0", "sysbox", "ms", {10, 30, 11}},
                               {"binds-20", "sysbox", "ms", {10.5, 30.5, 50}}},
                              "sysbox");
  CHECK(judged.value == Approx(0.5));
}

TEST_CASE("a goal with a missing side is not judged") {
  CHECK(VerdictOn(kRatio, {Of("run", "sysbox", 1)}) == Verdict::kUnknown);
  CHECK(VerdictOn(kRatio, {Of("run", "crun", 1)}) == Verdict::kUnknown);
}

TEST_CASE("bounds read as they are meant") {
  CHECK(BoundText(kRatio) == "<= 0.5 x crun");
  CHECK(BoundText(kRate) == ">= 2 x crun");
  CHECK(BoundText(kSize) == "<= 4.5");
  CHECK(BoundText(kGrowth) == "<= binds-0 + 0.8");
}

TEST_CASE("every goal names a line and something to compare with") {
  for (Host host : {Host::kV1, Host::kV2}) {
    for (const Goal& goal : GoalsOf(host)) {
      INFO(goal.line);
      CHECK((goal.bound > 0 || goal.stretch > 0));
      CHECK((goal.compare == Compare::kAtMost || !goal.other.empty() ||
             !goal.base_line.empty()));
    }
  }
}

}  // namespace sysbox::bench
