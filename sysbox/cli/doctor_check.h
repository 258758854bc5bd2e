// What `sysbox doctor` looks at: one row per thing this host may or may not be
// able to do, each found out by trying it. Plain data; doctor_report.h prints
// it. A check changes nothing that outlives it.
#ifndef SYSBOX_CLI_DOCTOR_CHECK_H_
#define SYSBOX_CLI_DOCTOR_CHECK_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/cli/docker_info.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cli {

enum class Health {
  kOk,
  kLimited,  // containers run, but something that users expect does not work
  kMissing,  // containers cannot run
  kUnknown,  // could not be tried
};
// "ok", "limited", "missing", "unknown".
std::string_view Name(Health health);

struct Finding {
  Health health = Health::kOk;
  std::string found;    // what there is
  std::string meaning;  // for the user; empty when all is well
  std::string fix;      // the one command; empty if there is none
};

// What the checks share; made once.
struct DoctorHost {
  std::string data_root;       // of our daemon
  std::string docker_root;     // of dockerd, as far as is known
  std::string manager_socket;  // where our daemon listens
  std::string docker_socket;
  // With kProbeIds mapped; no process is in it.
  absl::StatusOr<Fd> user_namespace = absl::UnknownError("not made");
  std::optional<DockerInfo> docker;  // nullopt: no dockerd answers
};

struct DoctorCheck {
  std::string_view name;
  Finding (*run)(const DoctorHost& host);
};

inline Finding Ok(std::string found) {
  return {Health::kOk, std::move(found), "", ""};
}

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCTOR_CHECK_H_
