#include "integration/bench/report.h"

#include "catch2/catch.hpp"

namespace sysbox::bench {

TEST_CASE("the median is the middle, quantiles are interpolated") {
  CHECK(Median({}) == 0);
  CHECK(Median({3, 1, 2}) == 2);
  CHECK(Median({1, 2, 3, 4}) == Approx(2.5));
  CHECK(Quantile({0, 10}, 0.1) == Approx(1));
}

TEST_CASE("the text has medians, goals and who is out") {
  Report report;
  report.host = "a host";
  report.subjects = {"full", "sysbox", "crun"};
  report.series = {{"run", "full", "ms", {5, 6, 7}},
                   {"run", "sysbox", "ms", {9, 9}},
                   {"run", "crun", "ms", {20, 20, 20}}};
  report.failures = {{"runc", true, 1, "no such file"},
                     {"crun", false, 2, "fail startup"}};
  CHECK(ToText(report) == R"(a host

median             full   sysbox     crun  unit   n
run                6.00     9.00    20.00  ms     2

goal line               is  must be
G1   run              1.50  <= 1.6 x full          met
G1   run              0.45  <= 0.35 x crun         missed

runc is out: no such file

crun failed 2 times: fail startup
)");
}

TEST_CASE("the JSON has every value") {
  Report report;
  report.host = "a host";
  report.series = {{"rss", "sysbox", "MiB", {2.5}}};
  const std::string json = ToJson(report);
  CHECK(json.find("\"median\": 2.5") != std::string::npos);
  CHECK(json.find("\"verdict\": \"met, stretch too\"") != std::string::npos);
}

}  // namespace sysbox::bench
