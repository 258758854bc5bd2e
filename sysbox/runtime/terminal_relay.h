// Joins a container's terminal to our own standard input and output, as an
// event-driven copy that never blocks on the container's side.
#ifndef SYSBOX_RUNTIME_TERMINAL_RELAY_H_
#define SYSBOX_RUNTIME_TERMINAL_RELAY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/terminal.h"

namespace sysbox::runtime {

class TerminalRelay {
 public:
  // Keys of its descriptors in `epoll` are first_key .. first_key + 2. Borrows
  // all but `master`; they must outlive it.
  TerminalRelay(Fd master, FdRef input, FdRef output, Epoll& epoll,
                uint64_t first_key);
  TerminalRelay(const TerminalRelay&) = delete;
  TerminalRelay& operator=(const TerminalRelay&) = delete;

  // Raw mode on `input` if it is a terminal, until destroyed; the first size.
  absl::Status Start();
  absl::Status OnEvent(const ReadyEvent& event);
  // Gives the container's terminal the size of ours.
  void FollowSize();
  // Writes out what the container's terminal still holds; for when its
  // processes have ended.
  absl::Status Drain();

 private:
  struct End {
    FdRef fd;
    uint64_t key;
    bool open = true;
    bool pollable = true;  // regular files and /dev/null are not: always ready
    uint32_t interest = 0;
  };

  void ReadInput();
  void FlushToMaster();
  void ReadMaster();
  void WriteOutput();
  absl::Status UpdateInterests();
  absl::Status SetInterest(End& end, uint32_t interest);

  Fd master_fd_;
  Epoll& epoll_;
  End input_, master_, output_;
  std::string to_master_, to_output_;
  std::optional<RawTerminal> raw_;
};

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_TERMINAL_RELAY_H_
