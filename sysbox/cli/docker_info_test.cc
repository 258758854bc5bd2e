#include "sysbox/cli/docker_info.h"

#include <thread>

#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::cli {
namespace {

constexpr char kAnswer[] =
    "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
    R"({"ID":"X","Driver":"overlay2","DockerRootDir":"/d","CgroupDriver":)"
    R"("systemd","ServerVersion":"20.10.24","DefaultRuntime":"runc",)"
    R"("Runtimes":{"runc":{"path":"runc"},"sysbox-runc":{"path":"/x",)"
    R"("runtimeArgs":["--y"]},"io.containerd.runc.v2":{}}})"
    "\n";

TEST_CASE("what dockerd says of itself is read") {
  const DockerInfo info = VALUE_OF(ParseDockerAnswer(kAnswer));
  CHECK(info.version == "20.10.24");
  CHECK(info.root == "/d");
  CHECK(info.storage_driver == "overlay2");
  CHECK(info.cgroup_driver == "systemd");
  CHECK(info.runtimes.size() == 3);
  CHECK(info.runtimes.at("sysbox-runc").path == "/x");
}

TEST_CASE("an answer that is none is an error that shows it") {
  for (const char* answer :
       {"", "HTTP/1.1 500 Oops\r\n\r\n{}", "HTTP/1.1 200 OK\r\n", "SSH-2.0",
        "HTTP/1.1 200 OK\r\n\r\n[]", "HTTP/1.1 200 OK\r\n\r\n{}"}) {
    INFO(answer);
    CHECK(absl::IsInvalidArgument(ParseDockerAnswer(answer).status()));
  }
}

TEST_CASE("a dockerd that does not run is unavailable") {
  testing::TempDir dir;
  CHECK(absl::IsUnavailable(AskDocker(dir / "none.sock").status()));
}

TEST_CASE("dockerd is asked over its socket") {
  testing::TempDir dir;
  const std::string path = dir / "docker.sock";
  const Fd listener = VALUE_OF(ListenUnix(SocketKind::kStream, path, 0600));
  std::thread dockerd([&listener] {
    auto peer = Accept(listener);
    if (!peer.ok() || !ReadSome(*peer, 4096).ok()) return;
    // A failure shows in the answer.
    (void)WriteAll(*peer, kAnswer);
  });
  const auto info = AskDocker(path);
  dockerd.join();
  CHECK(VALUE_OF(info).root == "/d");
}

}  // namespace
}  // namespace sysbox::cli
