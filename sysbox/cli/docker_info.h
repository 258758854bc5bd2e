// What a running dockerd says of itself (Docker Engine API, GET /info), as far
// as it matters to us.
#ifndef SYSBOX_CLI_DOCKER_INFO_H_
#define SYSBOX_CLI_DOCKER_INFO_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sysbox::cli {

inline constexpr char kDockerSocket[] = "/var/run/docker.sock";

struct DockerRuntime {
  std::string path;
};

struct DockerInfo {
  std::string version;
  std::string root;  // where images and containers are
  std::string storage_driver;
  std::string cgroup_driver;  // "cgroupfs", "systemd"
  std::string default_runtime;
  std::map<std::string, DockerRuntime> runtimes;
};

// Asks; waits 5 s at most for each part of the answer. Unavailable: nobody
// listens.
absl::StatusOr<DockerInfo> AskDocker(const std::string& socket);

// The whole HTTP/1.0 answer.
absl::StatusOr<DockerInfo> ParseDockerAnswer(std::string_view answer);

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_DOCKER_INFO_H_
