#include "sysbox/cli/doctor_command.h"

#include <array>
#include <string>
#include <utility>

#include "sysbox/api/client.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/docker_info.h"
#include "sysbox/cli/doctor_check.h"
#include "sysbox/cli/doctor_host.h"
#include "sysbox/cli/doctor_kernel.h"
#include "sysbox/cli/doctor_report.h"
#include "sysbox/cli/doctor_service.h"
#include "sysbox/cli/doctor_storage.h"
#include "sysbox/cli/doctor_trial.h"
#include "sysbox/cli/print.h"
#include "sysbox/linux/kernel_features.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kJson = {.name = "json", .help = "print it as JSON"};
constexpr FlagSpec kDataRoot = {.name = "data-root",
                                .kind = ValueKind::kText,
                                .value = "DIR",
                                .fallback = "/var/lib/sysbox",
                                .help = "where the daemon keeps its data"};
constexpr FlagSpec kSocket = {.name = "socket",
                              .kind = ValueKind::kText,
                              .value = "PATH",
                              .fallback = api::kManagerSocket,
                              .help = "where the daemon listens"};
constexpr FlagSpec kDockerSocketFlag = {.name = "docker-socket",
                                        .kind = ValueKind::kText,
                                        .value = "PATH",
                                        .fallback = kDockerSocket,
                                        .help = "where dockerd listens"};
constexpr FlagSpec kDoctorFlags[] = {kJson, kDataRoot, kSocket,
                                     kDockerSocketFlag};

constexpr std::array<DoctorCheck, 18> kChecks = {{
    {"privileges", CheckPrivileges},
    {"user namespaces", CheckUserNamespaces},
    {"other namespaces", CheckNamespaces},
    {"system calls", CheckSystemCalls},
    {"seccomp notification", CheckSeccomp},
    {"fuse", CheckFuse},
    {"detached mounts", CheckDetachedMounts},
    {"id mapping, our data", CheckIdMappedData},
    {"id mapping, Docker's", CheckIdMappedDocker},
    {"overlay, id-mapped", CheckOverlay},
    {"disk space", CheckSpace},
    {"cgroups", CheckCgroups},
    {"security modules", CheckSecurityModules},
    {"shared limits", CheckLimits},
    {"subordinate ids", CheckSubids},
    {"sysbox daemon", CheckDaemon},
    {"docker", CheckDocker},
    {"docker runtime", CheckDockerRuntime},
}};

DoctorHost LookAtHost(const FlagValues& flags) {
  DoctorHost host;
  host.data_root = flags.Text(kDataRoot);
  host.manager_socket = flags.Text(kSocket);
  host.docker_socket = flags.Text(kDockerSocketFlag);
  host.docker_root = "/var/lib/docker";
  host.user_namespace = MakeProbeUserNamespace();
  auto docker = AskDocker(host.docker_socket);
  if (docker.ok()) {
    host.docker = *std::move(docker);
    host.docker_root = host.docker->root;
  }
  return host;
}

}  // namespace

absl::Span<const FlagSpec> DoctorFlags() { return kDoctorFlags; }

absl::StatusOr<int> RunDoctor(const Invocation& invocation) {
  const DoctorHost host = LookAtHost(invocation.flags);
  DoctorReport report = {
      .version = kVersion, .kernel = ProbeKernel().release, .findings = {}};
  for (const DoctorCheck& check : kChecks) {
    report.findings.push_back({std::string(check.name), check.run(host)});
  }
  SYSBOX_RETURN_IF_ERROR(Print(invocation.flags.Switch(kJson)
                                   ? DoctorJson(report)
                                   : DoctorText(report)));
  return ContainersCanRun(report) ? 0 : 1;
}

}  // namespace sysbox::cli
