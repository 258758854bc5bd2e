// A server that dies at any moment, under readers: none of them notices.

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/fuse/fuse_mount.h"
#include "sysbox/fuse/request_buffers.h"
#include "sysbox/fuse/server.h"
#include "sysbox/fuse/toy_tree.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::fuse {
namespace {

// With the kernel's help, which it gives since Linux 6.9, or without.
enum class Kernel { kResends, kForgets };

[[noreturn]] void Serve(FdRef live, FdRef fixed, FdRef memory, Kernel kernel) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto buffers = RequestBuffers::Open(*Duplicate(memory));
  if (!buffers.ok()) abort();
  auto server = Server::Start({.buffers = *std::move(buffers),
                               .ask_to_resend = kernel == Kernel::kResends});
  if (!server.ok()) abort();
  const auto tree = std::make_shared<ToyTree>();
  for (const FdRef& device : {live, fixed}) {
    const ServiceKind kind =
        device.get() == live.get() ? ServiceKind::kLive : ServiceKind::kStatic;
    auto id = (*server)->Add(*Duplicate(device), tree,
                             {.kind = kind,
                              .resumed = true,
                              .name = kind == ServiceKind::kLive ? "l" : "s"});
    if (!id.ok()) abort();
  }
  for (;;) pause();
}

// A child without the threads of the test: forked by a process that has none.
pid_t StartServer(FdRef live, FdRef fixed, FdRef memory, Kernel kernel) {
  const pid_t child = fork();
  if (child == 0) Serve(live, fixed, memory, kernel);
  return child;
}

// Kills and restarts the server `deaths` times, at ever different moments of
// what the readers do; then says so.
[[noreturn]] void KeepServing(const FuseMount& live, const FuseMount& fixed,
                              Kernel kernel, int deaths, int done) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto buffers = *RequestBuffers::Create();
  const Fd never = *MakeEventFd();
  for (int i = 0; i <= deaths; ++i) {
    const pid_t child =
        StartServer(live.device, fixed.device, buffers->memory(), kernel);
    if (i == deaths) break;
    (void)WaitReadable(never, 1 + i * 7 % 20);
    kill(child, SIGKILL);
    if (waitpid(child, nullptr, 0) != child) abort();
  }
  if (write(done, "", 1) != 1) abort();
  for (;;) pause();
}

std::string ReadPiecewise(FdRef directory, const char* name) {
  const Fd file = VALUE_OF(OpenAt(directory, name, {.flags = O_RDONLY}));
  std::string text;
  for (;;) {
    const std::string piece = VALUE_OF(ReadSome(file, 3000));
    if (piece.empty()) return text;
    text += piece;
  }
}

TEST_CASE("readers do not notice that their server was killed") {
  const Kernel kernel = GENERATE(Kernel::kResends, Kernel::kForgets);
  const FuseMount live = VALUE_OF(MakeFuseMount({}));
  const FuseMount fixed = VALUE_OF(MakeFuseMount({}));
  int done[2];
  REQUIRE(pipe2(done, O_CLOEXEC) == 0);
  const Fd done_reader(done[0]);
  const pid_t supervisor = fork();
  if (supervisor == 0) KeepServing(live, fixed, kernel, 50, done[1]);
  close(done[1]);
  std::atomic<bool> stop = false;
  std::atomic<int> bad = 0;
  std::vector<std::thread> readers;
  const auto repeat = [&](auto once) {
    readers.emplace_back([&, once] {
      while (!stop) {
        if (!once()) ++bad;
      }
    });
  };
  for (int i = 0; i < 4; ++i) {
    repeat([&] {
      const auto text = ReadFileAt(live.mount.fd(), "value");
      return text.ok() && (*text == "0\n" || *text == "5\n");
    });
  }
  repeat([&] {
    return ReadPiecewise(live.mount.fd(), "long").size() ==
           ToyTree::kLineSize * ToyTree::kLongLines;
  });
  repeat([&] {
    return StatAt(live.mount.fd(), "absent").status().code() ==
           absl::StatusCode::kNotFound;
  });
  repeat([&] {
    const auto text = ReadFileAt(fixed.mount.fd(), "dir/7");
    return text.ok() && *text == "7\n";
  });
  repeat(
      [&] { return WriteExistingAt(fixed.mount.fd(), "value", "5\n").ok(); });
  CHECK(VALUE_OF(WaitReadable(done_reader, 60'000)));
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(bad == 0);
  kill(supervisor, SIGKILL);
  REQUIRE(waitpid(supervisor, nullptr, 0) == supervisor);
}

}  // namespace
}  // namespace sysbox::fuse
