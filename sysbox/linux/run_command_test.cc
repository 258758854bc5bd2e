#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox {
namespace {

Command Shell(std::string script) {
  return {.path = "/bin/sh",
          .args = {"sh", "-c", std::move(script)},
          .env = {"PATH=/usr/bin:/bin"}};
}

size_t OpenFiles() { return ListDirectory("/proc/self/fd")->size(); }

TEST_CASE(
    "a command gets its input, arguments and variables, and is captured") {
  Command command = Shell("cat; echo $0 $WORD; echo bad >&2; exit 3");
  command.args.push_back("zero");
  command.env.push_back("WORD=one");
  command.input = "state\n";
  const auto result = RunCommand(command);
  REQUIRE_OK(result);
  CHECK(result->output == "state\nzero one\n");
  CHECK(result->error == "bad\n");
  CHECK(result->status.code == 3);
}

TEST_CASE("a command may open its input by name") {
  Command command = Shell("cat /dev/stdin");
  command.input = "state";
  CHECK(RunCommand(command)->output == "state");
}

TEST_CASE("a command need not read its input") {
  Command command = Shell("exit 0");
  command.input = std::string(size_t{1} << 20, 'x');
  const auto result = RunCommand(command);
  REQUIRE_OK(result);
  CHECK(result->status.code == 0);
}

TEST_CASE("a command's long output is cut, not awaited for ever") {
  const auto result = RunCommand(Shell("head -c 300000 /dev/zero"));
  REQUIRE_OK(result);
  CHECK(result->output.size() == 65536);
  CHECK(result->status.code == 0);
}

TEST_CASE("a command that cannot be executed reports execve's errno") {
  const auto result = RunCommand({.path = "/nonexistent", .args = {"x"}});
  CHECK_ERRNO(ENOENT, result);
  CHECK(MessageOf(result.status()) ==
        "execve /nonexistent: No such file or directory");
  CHECK_FALSE(ReapAnyChild(false)->has_value());
}

TEST_CASE("a command out of time is killed with what it started") {
  const auto begin = std::chrono::steady_clock::now();
  int ends[2];
  REQUIRE(pipe(ends) == 0);  // inherited by both shells: open while one lives
  Fd read_end(ends[0]), write_end(ends[1]);
  Command command = Shell("sleep 100 & sleep 100");
  command.timeout_seconds = 1;
  const auto result = RunCommand(command);
  CHECK(absl::IsDeadlineExceeded(result.status()));
  CHECK(MessageOf(result.status()) == "run /bin/sh: killed after 1 s");
  write_end.Reset();
  char byte;
  CHECK(read(read_end.get(), &byte, 1) == 0);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(50));
  CHECK_FALSE(ReapAnyChild(false)->has_value());
}

TEST_CASE("a command that writes without end meets its deadline") {
  Command command = Shell("exec yes");
  command.timeout_seconds = 1;
  CHECK(absl::IsDeadlineExceeded(RunCommand(command).status()));
}

TEST_CASE("what a command leaves running is not waited for") {
  const auto result = RunCommand(Shell("sleep 100 & echo $!"));
  REQUIRE_OK(result);
  const pid_t left = std::stoi(result->output);
  CHECK(kill(left, SIGKILL) == 0);
}

TEST_CASE("a command has default signals whatever the caller's are") {
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  REQUIRE(sigprocmask(SIG_BLOCK, &set, &before) == 0);
  const auto handler = signal(SIGPIPE, SIG_IGN);
  const auto terminated = RunCommand(Shell("kill -TERM $$; exit 0"));
  const auto broken_pipe = RunCommand(Shell("kill -PIPE $$; exit 0"));
  signal(SIGPIPE, handler);
  REQUIRE(sigprocmask(SIG_SETMASK, &before, nullptr) == 0);
  CHECK(terminated->status.signal == SIGTERM);
  CHECK(broken_pipe->status.signal == SIGPIPE);
}

TEST_CASE("running commands leaks no descriptor") {
  const size_t before = OpenFiles();
  for (int i = 0; i < 3; ++i) {
    CHECK_OK(RunCommand(Shell("true")));
    CHECK_FALSE(RunCommand({.path = "/nonexistent", .args = {"x"}}).ok());
  }
  CHECK(OpenFiles() == before);
}

TEST_CASE("a caller without standard descriptors can run a command") {
  auto child = Fork(
      [](void*) {
        for (int fd = 0; fd < 3; ++fd) close(fd);
        Command command = Shell("cat; echo err >&2");
        command.input = "in";
        const auto result = RunCommand(command);
        return result.ok() && result->output == "in" && result->error == "err\n"
                   ? 0
                   : 1;
      },
      nullptr);
  REQUIRE_OK(child);
  CHECK(child->Wait()->code == 0);
}

}  // namespace
}  // namespace sysbox
