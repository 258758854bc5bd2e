#include "sysbox/linux/terminal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox {
namespace {

Terminal NewTerminal() {
  const Fd dir(open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto terminal = OpenTerminal(dir);
  INFO(terminal.status().ToString());
  REQUIRE_OK(terminal);
  return *std::move(terminal);
}

std::string ReadSome(const Fd& fd) {
  char buffer[64];
  const ssize_t size = read(fd.get(), buffer, sizeof buffer);
  return size < 0 ? std::string() : std::string(buffer, buffer + size);
}

TEST_CASE("a new terminal's two ends are connected") {
  const Terminal terminal = NewTerminal();
  CHECK(terminal.name.starts_with("pts/"));
  CHECK(IsTerminal(terminal.master));
  CHECK(IsTerminal(terminal.slave));
  CHECK(fcntl(terminal.master.get(), F_GETFD) == FD_CLOEXEC);
  CHECK(fcntl(terminal.slave.get(), F_GETFD) == FD_CLOEXEC);
  REQUIRE(write(terminal.slave.get(), "out\n", 4) == 4);
  CHECK(ReadSome(terminal.master) == "out\r\n");
  REQUIRE(write(terminal.master.get(), "in\n", 3) == 3);
  CHECK(ReadSome(terminal.slave) == "in\n");
}

TEST_CASE("the slave is the terminal that the name says") {
  const Terminal terminal = NewTerminal();
  struct stat by_name, by_fd;
  REQUIRE(stat(("/dev/" + terminal.name).c_str(), &by_name) == 0);
  REQUIRE(fstat(terminal.slave.get(), &by_fd) == 0);
  CHECK(by_name.st_rdev == by_fd.st_rdev);
}

TEST_CASE("a ptmx that is not one gives an error and opens nothing") {
  const testing::TempDir temp_dir;
  const Fd dir(open(temp_dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  CHECK_ERRNO(ENOENT, OpenTerminal(dir));
  REQUIRE(symlinkat("/dev/pts/ptmx", dir.get(), "ptmx") == 0);
  CHECK_ERRNO(ELOOP, OpenTerminal(dir));
  REQUIRE(unlinkat(dir.get(), "ptmx", 0) == 0);
  REQUIRE(mknodat(dir.get(), "ptmx", S_IFREG | 0600, 0) == 0);
  CHECK_ERRNO(ENOTTY, OpenTerminal(dir));
}

TEST_CASE("the window size set at one end is seen at the other") {
  const Terminal terminal = NewTerminal();
  REQUIRE_OK(SetWindowSize(terminal.master, {.rows = 43, .columns = 132}));
  const auto size = GetWindowSize(terminal.slave);
  REQUIRE_OK(size);
  CHECK(size->rows == 43);
  CHECK(size->columns == 132);
}

TEST_CASE("what is no terminal is told apart") {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK_FALSE(IsTerminal(null));
  CHECK_ERRNO(ENOTTY, GetWindowSize(null));
  CHECK_ERRNO(ENOTTY, SetWindowSize(null, {}));
  CHECK_ERRNO(ENOTTY, RawTerminal::Enter(null));
}

TEST_CASE("a session leader takes the terminal as its own") {
  const Terminal terminal = NewTerminal();
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    setsid();
    if (!MakeControllingTerminal(terminal.slave).ok()) _exit(1);
    const int own = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (own < 0 || write(own, "mine", 4) != 4) _exit(2);
    _exit(tcgetsid(terminal.slave.get()) == getpid() ? 0 : 3);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
  CHECK(ReadSome(terminal.master) == "mine");
}

TEST_CASE("raw mode lasts as long as its object, also when that moves") {
  const Terminal terminal = NewTerminal();
  const auto flags = [&] {
    termios now;
    REQUIRE(tcgetattr(terminal.slave.get(), &now) == 0);
    return now.c_lflag & (ICANON | ECHO | ISIG);
  };
  const tcflag_t before = flags();
  CHECK(before != 0);
  {
    auto raw = RawTerminal::Enter(terminal.slave);
    REQUIRE_OK(raw);
    CHECK(flags() == 0);
    { const RawTerminal moved = *std::move(raw); }
    CHECK(flags() == before);
  }
  CHECK(flags() == before);
}

}  // namespace
}  // namespace sysbox
