#include "sysbox/cli/docker_info.h"

#include <cerrno>

#include "absl/strings/match.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"

namespace sysbox {

template <>
struct json::Fields<cli::DockerRuntime> {
  static constexpr auto kTable =
      std::make_tuple(Optional("path", &cli::DockerRuntime::path));
};

template <>
struct json::Fields<cli::DockerInfo> {
  static constexpr auto kTable = std::make_tuple(
      Required("ServerVersion", &cli::DockerInfo::version),
      Required("DockerRootDir", &cli::DockerInfo::root),
      Optional("Driver", &cli::DockerInfo::storage_driver),
      Optional("CgroupDriver", &cli::DockerInfo::cgroup_driver),
      Optional("DefaultRuntime", &cli::DockerInfo::default_runtime),
      Optional("Runtimes", &cli::DockerInfo::runtimes));
};

namespace cli {
namespace {

// HTTP/1.0: the answer is in one piece and ends with the connection.
constexpr char kRequest[] = "GET /info HTTP/1.0\r\nHost: docker\r\n\r\n";
constexpr int kTimeoutMs = 5000;
constexpr size_t kMaxAnswer = size_t{1} << 20;

absl::StatusOr<std::string> ReadAnswer(FdRef socket) {
  std::string answer;
  while (answer.size() < kMaxAnswer) {
    SYSBOX_ASSIGN_OR_RETURN(const bool ready, WaitReadable(socket, kTimeoutMs));
    if (!ready) return ErrnoStatus(ETIMEDOUT, "read from dockerd");
    SYSBOX_ASSIGN_OR_RETURN(const std::string piece,
                            ReadSome(socket, size_t{64} << 10));
    if (piece.empty()) return answer;
    answer += piece;
  }
  return Internal("dockerd: an answer of more than {} bytes", kMaxAnswer);
}

}  // namespace

absl::StatusOr<DockerInfo> ParseDockerAnswer(std::string_view answer) {
  const std::string_view status = answer.substr(0, answer.find("\r\n"));
  const size_t body = answer.find("\r\n\r\n");
  if (!absl::StartsWith(ToAbsl(status), "HTTP/1.") ||
      status.find(" 200 ") == std::string_view::npos ||
      body == std::string_view::npos) {
    return InvalidArgument("dockerd: answers \"{}\"", status.substr(0, 80));
  }
  SYSBOX_ASSIGN_OR_RETURN(DockerInfo info,
                          json::Parse<DockerInfo>(answer.substr(body + 4)),
                          "dockerd: /info");
  return info;
}

absl::StatusOr<DockerInfo> AskDocker(const std::string& socket) {
  auto connection = ConnectUnix(SocketKind::kStream, socket);
  const int error = ErrnoOf(connection.status());
  if (error == ENOENT || error == ECONNREFUSED) {
    return absl::UnavailableError(fmt::format("no dockerd at {}", socket));
  }
  SYSBOX_RETURN_IF_ERROR(connection.status());
  SYSBOX_RETURN_IF_ERROR(WriteAll(*connection, kRequest), "{}", socket);
  SYSBOX_ASSIGN_OR_RETURN(const std::string answer, ReadAnswer(*connection),
                          "{}", socket);
  return ParseDockerAnswer(answer);
}

}  // namespace cli
}  // namespace sysbox
