#include "sysbox/cli/doctor_service.h"

#include <unistd.h>

#include <string>

#include "fmt/format.h"
#include "sysbox/api/client.h"
#include "sysbox/base/status.h"
#include "sysbox/build_info.h"
#include "sysbox/cli/docker_config.h"
#include "sysbox/linux/file.h"

namespace sysbox::cli {
namespace {

constexpr char kUnit[] = "/lib/systemd/system/sysbox.service";

// The command that starts our daemon on this host.
const char* StartCommand() {
  return Exists("/run/systemd/system") && Exists(kUnit)
             ? "systemctl start sysbox"
             : "sysbox daemon &";
}

absl::StatusOr<size_t> CountContainers(const std::string& socket) {
  SYSBOX_ASSIGN_OR_RETURN(auto manager, api::ConnectManager(socket, kVersion));
  SYSBOX_ASSIGN_OR_RETURN(const auto containers, manager->List());
  return containers.size();
}

}  // namespace

Finding CheckDaemon(const DoctorHost& host) {
  const auto count = CountContainers(host.manager_socket);
  if (count.ok()) {
    return Ok(fmt::format("answers, and has {} container{}", *count,
                          *count == 1 ? "" : "s"));
  }
  const std::string found =
      absl::IsUnavailable(count.status())
          ? fmt::format("none answers at {}", host.manager_socket)
          : std::string(MessageOf(count.status()));
  return {Health::kLimited, found,
          "only `sysbox run` works: Docker cannot start system containers",
          StartCommand()};
}

Finding CheckDocker(const DoctorHost& host) {
  if (host.docker.has_value()) {
    return Ok(fmt::format("{} with {} in {}", host.docker->version,
                          host.docker->storage_driver, host.docker->root));
  }
  return {Health::kLimited,
          fmt::format("none answers at {}", host.docker_socket),
          "only sysbox-runc and `sysbox run` can be used",
          access("/usr/bin/dockerd", X_OK) == 0 ? "systemctl start docker"
                                                : "apt-get install docker.io"};
}

Finding CheckDockerRuntime(const DoctorHost& host) {
  if (!host.docker.has_value()) {
    return {Health::kUnknown, "no dockerd to ask", "", ""};
  }
  const auto runtime = host.docker->runtimes.find(kRuntimeName);
  if (runtime == host.docker->runtimes.end()) {
    return {Health::kLimited, fmt::format("dockerd knows no {}", kRuntimeName),
            fmt::format("`docker run --runtime={}` is refused", kRuntimeName),
            "sysbox install --docker"};
  }
  const std::string& path = runtime->second.path;
  // Without a slash it is dockerd that searches for it.
  if (path.find('/') != std::string::npos && access(path.c_str(), X_OK) != 0) {
    return {Health::kLimited, fmt::format("{} is not there", path),
            fmt::format("`docker run --runtime={}` fails", kRuntimeName),
            "sysbox install --docker"};
  }
  const bool is_default = host.docker->default_runtime == kRuntimeName;
  return Ok(fmt::format("{} is {}{}", kRuntimeName, path,
                        is_default ? ", the default" : ""));
}

}  // namespace sysbox::cli
