#include "sysbox/runtime/foreground.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/terminal.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::runtime {
namespace {

using Body = absl::FunctionRef<int()>;

int CallBody(void* body) { return (*static_cast<Body*>(body))(); }

absl::StatusOr<OwnedChild> ForkBody(Body body) { return Fork(CallBody, &body); }

// In a process of its own, because it blocks signals for good. Bodies return
// errors: Catch2 does not work there.
absl::Status InChild(absl::FunctionRef<absl::Status()> body) {
  return testing::RunInNamespaces(0, body);
}

absl::StatusOr<Terminal> NewTerminal() {
  SYSBOX_ASSIGN_OR_RETURN(Fd dev, Open("/dev", {.flags = O_PATH}));
  return OpenTerminal(dev);
}

// Makes `path` (or the slave) standard input or output.
absl::Status Redirect(const std::string& path, int flags, int number) {
  SYSBOX_ASSIGN_OR_RETURN(Fd file, Open(path, {.flags = flags, .mode = 0600}));
  return DuplicateOnto(file, number);
}

TEST_CASE("the exit code comes back") {
  CHECK_OK(InChild([]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(Foreground foreground, Foreground::Prepare(true));
    SYSBOX_ASSIGN_OR_RETURN(OwnedChild child, ForkBody([] { return 7; }));
    SYSBOX_ASSIGN_OR_RETURN(ExitStatus status,
                            foreground.Await(std::move(child), Fd()));
    RETURN_UNLESS(status.code == 7 && status.signal == 0);
    return absl::OkStatus();
  }));
}

TEST_CASE("a signal sent before waiting begins reaches the process") {
  CHECK_OK(InChild([]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(Foreground foreground, Foreground::Prepare(true));
    SYSBOX_ASSIGN_OR_RETURN(OwnedChild child, ForkBody([] {
                              if (!ResetSignals().ok()) return 1;
                              while (true) pause();
                            }));
    raise(SIGTERM);
    SYSBOX_ASSIGN_OR_RETURN(ExitStatus status,
                            foreground.Await(std::move(child), Fd()));
    RETURN_UNLESS(status.signal == SIGTERM);
    RETURN_UNLESS(status.ShellCode() == 128 + SIGTERM);
    return absl::OkStatus();
  }));
}

TEST_CASE("every other child is reaped, too") {
  CHECK_OK(InChild([]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(Foreground foreground, Foreground::Prepare(true));
    SYSBOX_ASSIGN_OR_RETURN(OwnedChild other, ForkBody([] { return 1; }));
    Pidfd orphan = other.Release();
    SYSBOX_RETURN_IF_ERROR(WaitReadable(orphan.fd(), -1).status());
    SYSBOX_ASSIGN_OR_RETURN(OwnedChild child, ForkBody([] { return 2; }));
    SYSBOX_ASSIGN_OR_RETURN(ExitStatus status,
                            foreground.Await(std::move(child), Fd()));
    RETURN_UNLESS(status.code == 2);
    SYSBOX_ASSIGN_OR_RETURN(std::optional<ReapedChild> left,
                            ReapAnyChild(/*block=*/false));
    RETURN_UNLESS(!left.has_value());
    return absl::OkStatus();
  }));
}

TEST_CASE("all of a terminal's output arrives, also what comes last") {
  testing::TempDir dir;
  const std::string path = dir / "output";
  CHECK_OK(InChild([&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(Redirect("/dev/null", O_RDONLY, STDIN_FILENO));
    SYSBOX_RETURN_IF_ERROR(Redirect(path, O_RDWR | O_CREAT, STDOUT_FILENO));
    SYSBOX_ASSIGN_OR_RETURN(Foreground foreground, Foreground::Prepare(true));
    SYSBOX_ASSIGN_OR_RETURN(Terminal terminal, NewTerminal());
    SYSBOX_ASSIGN_OR_RETURN(
        OwnedChild child, ForkBody([&] {
          std::string text(100'000, 'x');
          return WriteAll(terminal.slave, text + "end").ok() ? 0 : 1;
        }));
    terminal.slave.Reset();
    SYSBOX_ASSIGN_OR_RETURN(
        ExitStatus status,
        foreground.Await(std::move(child), std::move(terminal.master)));
    RETURN_UNLESS(status.code == 0);
    SYSBOX_ASSIGN_OR_RETURN(std::string output, ReadFile(path));
    RETURN_UNLESS(output == std::string(100'000, 'x') + "end");
    return absl::OkStatus();
  }));
}

TEST_CASE("a file as standard input is typed into the terminal") {
  testing::TempDir dir;
  const std::string path = dir / "input";
  REQUIRE_OK(ReplaceFile(path, "hello\n", 0600));
  CHECK_OK(InChild([&]() -> absl::Status {
    SYSBOX_RETURN_IF_ERROR(Redirect(path, O_RDONLY, STDIN_FILENO));
    SYSBOX_RETURN_IF_ERROR(Redirect("/dev/null", O_WRONLY, STDOUT_FILENO));
    SYSBOX_ASSIGN_OR_RETURN(Foreground foreground, Foreground::Prepare(true));
    SYSBOX_ASSIGN_OR_RETURN(Terminal terminal, NewTerminal());
    SYSBOX_ASSIGN_OR_RETURN(OwnedChild child, ForkBody([&] {
                              auto line = ReadSome(terminal.slave, 100);
                              return line.ok() && *line == "hello\n" ? 0 : 1;
                            }));
    terminal.slave.Reset();
    SYSBOX_ASSIGN_OR_RETURN(
        ExitStatus status,
        foreground.Await(std::move(child), std::move(terminal.master)));
    RETURN_UNLESS(status.code == 0);
    return absl::OkStatus();
  }));
}

TEST_CASE("our terminal lends its size, and gets its settings back") {
  CHECK_OK(InChild([]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(Terminal ours, NewTerminal());
    SYSBOX_RETURN_IF_ERROR(SetWindowSize(ours.slave, {33, 77}));
    SYSBOX_RETURN_IF_ERROR(DuplicateOnto(ours.slave, STDIN_FILENO));
    SYSBOX_RETURN_IF_ERROR(Redirect("/dev/null", O_WRONLY, STDOUT_FILENO));
    termios before, during, after;
    RETURN_UNLESS(tcgetattr(ours.slave.get(), &before) == 0);
    SYSBOX_ASSIGN_OR_RETURN(Foreground foreground, Foreground::Prepare(true));
    SYSBOX_ASSIGN_OR_RETURN(Terminal terminal, NewTerminal());
    // Waits for a key, so that it sees the size and we the raw mode.
    SYSBOX_ASSIGN_OR_RETURN(
        OwnedChild child, ForkBody([&] {
          if (!ReadSome(terminal.slave, 1).ok()) return 1;
          auto size = GetWindowSize(terminal.slave);
          bool raw = tcgetattr(ours.slave.get(), &during) == 0 &&
                     (during.c_lflag & (ICANON | ECHO)) == 0;
          return size.ok() && size->rows == 33 && size->columns == 77 && raw
                     ? 0
                     : 2;
        }));
    terminal.slave.Reset();
    SYSBOX_RETURN_IF_ERROR(WriteAll(ours.master, "\n"));
    SYSBOX_ASSIGN_OR_RETURN(
        ExitStatus status,
        foreground.Await(std::move(child), std::move(terminal.master)));
    RETURN_UNLESS(status.code == 0);
    RETURN_UNLESS(tcgetattr(ours.slave.get(), &after) == 0);
    RETURN_UNLESS(before.c_lflag == after.c_lflag);
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace sysbox::runtime
