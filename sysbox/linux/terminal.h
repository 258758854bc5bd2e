// Pseudo-terminals: pty(7), tty_ioctl(4), termios(3).
#ifndef SYSBOX_LINUX_TERMINAL_H_
#define SYSBOX_LINUX_TERMINAL_H_

#include <termios.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

struct Terminal {
  Fd master;
  Fd slave;          // opened by TIOCGPTPEER: no path of the container walked
  std::string name;  // "pts/0"
};
// A new terminal from the devpts instance whose "ptmx" is `ptmx`'s.
absl::StatusOr<Terminal> OpenTerminal(FdRef ptmx_directory);

struct WindowSize {
  uint16_t rows = 0;
  uint16_t columns = 0;
};
absl::StatusOr<WindowSize> GetWindowSize(FdRef terminal);
absl::Status SetWindowSize(FdRef terminal, WindowSize size);
// TIOCSCTTY: makes it the caller's controlling terminal (after setsid).
absl::Status MakeControllingTerminal(FdRef terminal);
bool IsTerminal(FdRef fd);

// Raw mode while alive; the former settings come back at the end.
class RawTerminal {
 public:
  static absl::StatusOr<RawTerminal> Enter(FdRef terminal);
  RawTerminal(RawTerminal&&) noexcept;
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

 private:
  RawTerminal(int fd, const termios& saved) : fd_(fd), saved_(saved) {}
  int fd_;
  termios saved_;
};

}  // namespace sysbox

#endif  // SYSBOX_LINUX_TERMINAL_H_
