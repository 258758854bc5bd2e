#include "integration/bench/report.h"

#include <algorithm>
#include <tuple>

#include "fmt/format.h"
#include "sysbox/json/codec.h"

namespace sysbox {
namespace bench {
namespace {

struct SeriesRow {
  std::string line;
  std::string subject;
  std::string unit;
  double median = 0;
  double p10 = 0;
  double p90 = 0;
  uint64_t n = 0;
  std::vector<double> values;
};

struct GoalRow {
  std::string id;
  std::string line;
  std::string bound;
  double value = 0;
  std::string verdict;
};

struct Document {
  std::string host;
  std::vector<SeriesRow> series;
  std::vector<GoalRow> goals;
};

constexpr char kJudged[] = "sysbox";
constexpr size_t kWidth = 7;

std::vector<std::string> LinesOf(const Report& report) {
  std::vector<std::string> lines;
  for (const Series& series : report.series) {
    if (std::find(lines.begin(), lines.end(), series.line) == lines.end()) {
      lines.push_back(series.line);
    }
  }
  return lines;
}

std::vector<Judged> JudgeAll(const Report& report) {
  std::vector<Judged> all;
  for (const Goal& goal : GoalsOf(report.cgroups)) {
    all.push_back(Judge(goal, report.series, kJudged));
  }
  return all;
}

size_t WidthOf(const std::string& column) {
  return std::max(kWidth, column.size());
}

std::string MedianTable(const Report& report) {
  std::string text = fmt::format("{:<14}", "median");
  for (const std::string& subject : report.subjects) {
    text += fmt::format("  {:>{}}", subject, WidthOf(subject));
  }
  text += "  unit   n\n";
  for (const std::string& line : LinesOf(report)) {
    text += fmt::format("{:<14}", line);
    const Series* last = nullptr;
    size_t least = SIZE_MAX;
    for (const std::string& subject : report.subjects) {
      const Series* series = FindSeries(report.series, line, subject);
      if (series == nullptr) {
        text += fmt::format("  {:>{}}", "-", WidthOf(subject));
        continue;
      }
      last = series;
      least = std::min(least, series->values.size());
      text +=
          fmt::format("  {:>{}.2f}", Median(series->values), WidthOf(subject));
    }
    text += fmt::format("  {:<4} {:>3}\n", last->unit, least);
  }
  return text;
}

std::string GoalTable(const Report& report) {
  std::string text;
  for (const Judged& judged : JudgeAll(report)) {
    if (judged.verdict == Verdict::kUnknown) continue;
    const bool is_hope = judged.goal.bound == 0;
    text += fmt::format(
        "{:<4} {:<13} {:>7.2f}  {:<22} {}\n", judged.goal.id, judged.goal.line,
        judged.value, BoundText(judged.goal),
        !is_hope ? VerdictText(judged.verdict)
                 : (judged.verdict == Verdict::kStretch ? "stretch met"
                                                        : "stretch missed"));
  }
  if (text.empty()) return text;
  return fmt::format("\n{:<4} {:<13} {:>7}  {}\n{}", "goal", "line", "is",
                     "must be", text);
}

}  // namespace
}  // namespace bench

namespace json {
template <>
struct Fields<bench::SeriesRow> {
  static constexpr auto kTable = std::make_tuple(
      Always("line", &bench::SeriesRow::line),
      Always("subject", &bench::SeriesRow::subject),
      Always("unit", &bench::SeriesRow::unit),
      Always("median", &bench::SeriesRow::median),
      Always("p10", &bench::SeriesRow::p10),
      Always("p90", &bench::SeriesRow::p90), Always("n", &bench::SeriesRow::n),
      Always("values", &bench::SeriesRow::values));
};
template <>
struct Fields<bench::GoalRow> {
  static constexpr auto kTable = std::make_tuple(
      Always("id", &bench::GoalRow::id), Always("line", &bench::GoalRow::line),
      Always("bound", &bench::GoalRow::bound),
      Always("value", &bench::GoalRow::value),
      Always("verdict", &bench::GoalRow::verdict));
};
template <>
struct Fields<bench::Document> {
  static constexpr auto kTable =
      std::make_tuple(Always("host", &bench::Document::host),
                      Always("series", &bench::Document::series),
                      Always("goals", &bench::Document::goals));
};
}  // namespace json

namespace bench {

std::string ToText(const Report& report) {
  std::string text =
      report.host + "\n\n" + MedianTable(report) + GoalTable(report);
  for (const Failure& failure : report.failures) {
    text += fmt::format(
        "\n{} {}: {}\n", failure.subject,
        failure.out ? "is out" : fmt::format("failed {} times", failure.count),
        failure.last);
  }
  return text;
}

std::string ToJson(const Report& report) {
  Document document;
  document.host = report.host;
  for (const Series& series : report.series) {
    document.series.push_back(
        {series.line, series.subject, series.unit, Median(series.values),
         Quantile(series.values, 0.1), Quantile(series.values, 0.9),
         series.values.size(), series.values});
  }
  for (const Judged& judged : JudgeAll(report)) {
    document.goals.push_back({std::string(judged.goal.id),
                              std::string(judged.goal.line),
                              BoundText(judged.goal), judged.value,
                              std::string(VerdictText(judged.verdict))});
  }
  return json::Write(document, {.indent = "  "});
}

}  // namespace bench
}  // namespace sysbox
