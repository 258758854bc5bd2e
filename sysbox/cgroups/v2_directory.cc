#include "sysbox/cgroups/v2_directory.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_join.h"
#include "sysbox/base/status.h"
#include "sysbox/cgroups/cgroup_events.h"
#include "sysbox/cgroups/cgroup_tree.h"
#include "sysbox/cgroups/control_file.h"
#include "sysbox/cgroups/device_program.h"
#include "sysbox/cgroups/process_killer.h"
#include "sysbox/linux/bpf.h"
#include "sysbox/linux/file.h"

namespace sysbox::cgroups {
namespace {

constexpr std::string_view kSubtreeControl = "cgroup.subtree_control";
constexpr int kKillRounds = 100;

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::StatusOr<std::vector<std::string>> WordsOf(FdRef directory,
                                                 std::string_view file) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadTextAt(directory, file));
  std::vector<std::string> words;
  for (std::string_view word : SplitFields(text)) words.emplace_back(word);
  return words;
}

// What `directory` could give its children and does not.
absl::StatusOr<std::vector<std::string>> MissingBelow(
    FdRef directory, const std::vector<std::string>& only) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> missing,
                          AvailableControllers(directory));
  if (missing.empty()) return missing;
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> given,
                          WordsOf(directory, kSubtreeControl));
  std::erase_if(missing, [&](const std::string& name) {
    return Contains(given, name) || (!only.empty() && !Contains(only, name));
  });
  return missing;
}

// As many as possible, where one of them cannot be.
void Enable(FdRef directory, const std::vector<std::string>& names) {
  if (WriteExistingAt(directory, kSubtreeControl, Enabling(names)).ok()) return;
  for (const std::string& name : names) {
    (void)WriteExistingAt(directory, kSubtreeControl, Enabling({name}));
  }
}

// Before Linux 5.14. v2's frozen processes can be killed as they are.
absl::Status KillByHand(const std::string& directory) {
  SYSBOX_ASSIGN_OR_RETURN(Fd root, OpenCgroupDirectory(directory));
  BackOff back_off(absl::Seconds(2));
  for (int round = 0; round < kKillRounds; ++round) {
    SYSBOX_ASSIGN_OR_RETURN(const size_t killed, KillProcessesBelow(root));
    if (killed == 0 || !back_off.Wait()) break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> AvailableControllers(FdRef directory) {
  return WordsOf(directory, "cgroup.controllers");
}

absl::Status EnableControllersAbove(const std::string& mount_point,
                                    const std::string& directory,
                                    const std::vector<std::string>& only) {
  size_t end = mount_point.size();
  // From the mount point down to the parent.
  while (end != std::string::npos && end < directory.size()) {
    const std::string above = directory.substr(0, end);
    SYSBOX_ASSIGN_OR_RETURN(Fd parent, OpenCgroupDirectory(above));
    SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> missing,
                            MissingBelow(parent, only));
    // A parent with processes refuses (EBUSY): a value that needs the
    // controller will say so.
    if (!missing.empty()) Enable(parent, missing);
    end = directory.find('/', end + 1);
  }
  return absl::OkStatus();
}

std::string Enabling(const std::vector<std::string>& controllers) {
  return absl::StrJoin(controllers, " ",
                       [](std::string* out, const auto& name) {
                         out->append("+").append(name);
                       });
}

absl::StatusOr<bool> GivesControllers(FdRef directory) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> given,
                          WordsOf(directory, kSubtreeControl));
  return !given.empty();
}

absl::Status DisableControllersIn(FdRef directory) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<std::string> given,
                          WordsOf(directory, kSubtreeControl));
  if (given.empty()) return absl::OkStatus();
  return Annotate(WriteExistingAt(directory, kSubtreeControl,
                                  "-" + absl::StrJoin(given, " -")),
                  "take cgroup controllers back");
}

absl::Status SetDevices(FdRef directory, const DeviceList& list) {
  SYSBOX_ASSIGN_OR_RETURN(Fd program, LoadDeviceProgram(DeviceProgram(list)),
                          "linux.resources.devices");
  SYSBOX_RETURN_IF_ERROR(AttachDeviceProgram(program, directory),
                         "linux.resources.devices");
  // All attached programs must agree, so the old one may go after.
  return Annotate(DetachDevicePrograms(directory, program),
                  "linux.resources.devices");
}

absl::Status FreezeV2(const std::string& directory, absl::Duration limit) {
  SYSBOX_RETURN_IF_ERROR(WriteExisting(directory + "/cgroup.freeze", "1"));
  SYSBOX_ASSIGN_OR_RETURN(const bool frozen,
                          WaitForCgroupEvent(directory, "frozen", 1, limit));
  if (frozen) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(ThawV2(directory));
  return absl::DeadlineExceededError("freeze: some processes do not freeze");
}

absl::Status ThawV2(const std::string& directory) {
  return WriteExisting(directory + "/cgroup.freeze", "0");
}

absl::StatusOr<bool> IsFrozenV2(FdRef directory) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadFileAt(directory, "cgroup.freeze"));
  return Trim(text) == "1";
}

absl::Status KillV2(const std::string& directory) {
  const absl::Status status = WriteExisting(directory + "/cgroup.kill", "1");
  if (ErrnoOf(status) != ENOENT) return status;
  if (!Exists(directory)) return absl::OkStatus();
  return KillByHand(directory);
}

}  // namespace sysbox::cgroups
