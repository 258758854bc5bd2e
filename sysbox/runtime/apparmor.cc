#include "sysbox/runtime/apparmor.h"

#include <string_view>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "sysbox/linux/file.h"

namespace sysbox::runtime {
namespace {

// A line for each: "NAME (enforce)". Absent without AppArmor.
constexpr char kProfiles[] = "/sys/kernel/security/apparmor/profiles";
constexpr size_t kMaxProfiles = size_t{4} << 20;

}  // namespace

bool HasAppArmor() { return Exists(kProfiles); }

std::string LoadedAppArmorProfile() {
  const absl::StatusOr<std::string> profiles =
      ReadFile(kProfiles, kMaxProfiles);
  if (!profiles.ok()) return "";
  const std::string line = fmt::format("{} (enforce)\n", kAppArmorProfile);
  const bool loaded = absl::StartsWith(*profiles, line) ||
                      absl::StrContains(*profiles, "\n" + line);
  return loaded ? kAppArmorProfile : "";
}

}  // namespace sysbox::runtime
