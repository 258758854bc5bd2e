#include "sysbox/linux/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox {

absl::StatusOr<Terminal> OpenTerminal(FdRef ptmx_directory) {
  Terminal terminal;
  SYSBOX_ASSIGN_OR_RETURN(terminal.master,
                          OpenAt(ptmx_directory, "ptmx",
                                 {.flags = O_RDWR | O_NOCTTY | O_NOFOLLOW}));
  const int master = terminal.master.get();
  int unlock = 0;
  if (ioctl(master, TIOCSPTLCK, &unlock) != 0) {
    return ErrnoStatus(errno, "ioctl TIOCSPTLCK");
  }
  unsigned int number = 0;
  if (ioctl(master, TIOCGPTN, &number) != 0) {
    return ErrnoStatus(errno, "ioctl TIOCGPTN");
  }
  terminal.name = fmt::format("pts/{}", number);
  terminal.slave =
      Fd(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.slave.valid()) return ErrnoStatus(errno, "ioctl TIOCGPTPEER");
  return terminal;
}

absl::StatusOr<WindowSize> GetWindowSize(FdRef terminal) {
  winsize size = {};
  if (ioctl(terminal.get(), TIOCGWINSZ, &size) != 0) {
    return ErrnoStatus(errno, "ioctl TIOCGWINSZ");
  }
  return WindowSize{size.ws_row, size.ws_col};
}

absl::Status SetWindowSize(FdRef terminal, WindowSize size) {
  winsize value = {};
  value.ws_row = size.rows;
  value.ws_col = size.columns;
  if (ioctl(terminal.get(), TIOCSWINSZ, &value) != 0) {
    return ErrnoStatus(errno, "ioctl TIOCSWINSZ");
  }
  return absl::OkStatus();
}

absl::Status MakeControllingTerminal(FdRef terminal) {
  // 0: never steal the terminal of another session.
  if (ioctl(terminal.get(), TIOCSCTTY, 0) != 0) {
    return ErrnoStatus(errno, "ioctl TIOCSCTTY");
  }
  return absl::OkStatus();
}

bool IsTerminal(FdRef fd) { return isatty(fd.get()) == 1; }

absl::StatusOr<RawTerminal> RawTerminal::Enter(FdRef terminal) {
  termios saved;
  if (tcgetattr(terminal.get(), &saved) != 0) {
    return ErrnoStatus(errno, "tcgetattr");
  }
  termios raw = saved;
  cfmakeraw(&raw);
  if (TEMP_FAILURE_RETRY(tcsetattr(terminal.get(), TCSANOW, &raw)) != 0) {
    return ErrnoStatus(errno, "tcsetattr");
  }
  return RawTerminal(terminal.get(), saved);
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), saved_(other.saved_) {}

RawTerminal::~RawTerminal() {
  // Nobody is left to hear of an error; the terminal may be gone.
  if (fd_ >= 0) {
    (void)TEMP_FAILURE_RETRY(tcsetattr(fd_, TCSANOW, &saved_));
  }
}

}  // namespace sysbox
