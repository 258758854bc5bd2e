#include "sysbox/cli/external_program.h"

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/process.h"

namespace sysbox::cli {
namespace {

constexpr const char* kDirectories[] = {"/usr/sbin", "/usr/bin", "/sbin",
                                        "/bin"};
constexpr int kSeconds = 120;

}  // namespace

std::string FindProgram(std::string_view name) {
  for (const char* directory : kDirectories) {
    std::string path = fmt::format("{}/{}", directory, name);
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

absl::Status RunProgram(const std::vector<std::string>& words) {
  const std::string path = FindProgram(words.front());
  if (path.empty()) return NotFound("there is no {}", words.front());
  SYSBOX_ASSIGN_OR_RETURN(
      const CommandResult result,
      RunCommand({.path = path,
                  .args = words,
                  .env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"},
                  .timeout_seconds = kSeconds}),
      "{}", absl::StrJoin(words, " "));
  if (result.status.ShellCode() == 0) return absl::OkStatus();
  return FailedPrecondition("{}: {}", absl::StrJoin(words, " "),
                            ToStd(absl::StripAsciiWhitespace(result.error)));
}

}  // namespace sysbox::cli
