// The findings of `sysbox doctor` as a screen of text, or as JSON. Pure.
#ifndef SYSBOX_CLI_DOCTOR_REPORT_H_
#define SYSBOX_CLI_DOCTOR_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "sysbox/cli/doctor_check.h"

namespace sysbox::cli {

struct NamedFinding {
  std::string name;
  Finding finding;
};

struct DoctorReport {
  std::string version;  // ours
  std::string kernel;   // its release
  std::vector<NamedFinding> findings;
};

// Nothing is missing.
bool ContainersCanRun(const DoctorReport& report);

// A line per check; what is wrong also says what that means and what mends it.
std::string DoctorText(const DoctorReport& report);

// {"version", "kernel", "canRun", "checks": [{"name", "health", "found",
// "meaning", "fix"}]}, with a final line end.
std::string DoctorJson(const DoctorReport& report);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_REPORT_H_
