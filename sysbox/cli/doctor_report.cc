#include "sysbox/cli/doctor_report.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "fmt/format.h"
#include "sysbox/json/codec.h"

namespace sysbox {
namespace cli {
namespace {

struct HealthName {
  Health health;
  std::string_view name;
};
constexpr std::array<HealthName, 4> kHealthNames = {{
    {Health::kOk, "ok"},
    {Health::kLimited, "limited"},
    {Health::kMissing, "missing"},
    {Health::kUnknown, "unknown"},
}};

struct JsonCheck {
  std::string name;
  std::string health;
  std::string found;
  std::string meaning;
  std::string fix;
};

struct JsonReport {
  std::string version;
  std::string kernel;
  bool can_run = false;
  std::vector<JsonCheck> checks;
};

size_t Count(const DoctorReport& report, Health health) {
  return std::count_if(report.findings.begin(), report.findings.end(),
                       [health](const NamedFinding& named) {
                         return named.finding.health == health;
                       });
}

std::string Verdict(const DoctorReport& report) {
  const size_t missing = Count(report, Health::kMissing);
  const size_t limited = Count(report, Health::kLimited);
  if (missing > 0) {
    return fmt::format("System containers cannot run here: {} missing.\n",
                       missing);
  }
  if (limited > 0) {
    return fmt::format("System containers can run here, {} limited.\n",
                       limited);
  }
  return "System containers can run here.\n";
}

}  // namespace

std::string_view Name(Health health) {
  return std::find_if(
             kHealthNames.begin(), kHealthNames.end(),
             [health](const HealthName& row) { return row.health == health; })
      ->name;
}

bool ContainersCanRun(const DoctorReport& report) {
  return Count(report, Health::kMissing) == 0;
}

std::string DoctorText(const DoctorReport& report) {
  std::string text =
      fmt::format("sysbox {} on Linux {}\n\n", report.version, report.kernel);
  for (const auto& [name, finding] : report.findings) {
    text += fmt::format("{:<8} {:<24} {}\n", Name(finding.health), name,
                        finding.found);
    if (!finding.meaning.empty()) {
      text += fmt::format("{:<9}-> {}\n", "", finding.meaning);
    }
    if (!finding.fix.empty()) {
      text += fmt::format("{:<9}   fix: {}\n", "", finding.fix);
    }
  }
  return text + "\n" + Verdict(report);
}

}  // namespace cli

template <>
struct json::Fields<cli::JsonCheck> {
  static constexpr auto kTable =
      std::make_tuple(Required("name", &cli::JsonCheck::name),
                      Required("health", &cli::JsonCheck::health),
                      Required("found", &cli::JsonCheck::found),
                      Required("meaning", &cli::JsonCheck::meaning),
                      Required("fix", &cli::JsonCheck::fix));
};

template <>
struct json::Fields<cli::JsonReport> {
  static constexpr auto kTable =
      std::make_tuple(Required("version", &cli::JsonReport::version),
                      Required("kernel", &cli::JsonReport::kernel),
                      Required("canRun", &cli::JsonReport::can_run),
                      Required("checks", &cli::JsonReport::checks));
};

namespace cli {

std::string DoctorJson(const DoctorReport& report) {
  JsonReport out = {.version = report.version,
                    .kernel = report.kernel,
                    .can_run = ContainersCanRun(report),
                    .checks = {}};
  for (const auto& [name, finding] : report.findings) {
    out.checks.push_back({name, std::string(Name(finding.health)),
                          finding.found, finding.meaning, finding.fix});
  }
  return json::Write(out, {.indent = "    "}) + "\n";
}

}  // namespace cli
}  // namespace sysbox
