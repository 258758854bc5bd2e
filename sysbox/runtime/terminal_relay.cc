#include "sysbox/runtime/terminal_relay.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::runtime {
namespace {

constexpr size_t kChunk = 4096;  // PIPE_BUF: a ready pipe takes it at once
// More than a terminal can hold: a process that outlived the one we stand by
// may write for ever.
constexpr size_t kDrainLimit = size_t{1} << 20;

constexpr uint32_t kReadable = EPOLLIN | EPOLLHUP | EPOLLERR;

}  // namespace

TerminalRelay::TerminalRelay(Fd master, FdRef input, FdRef output, Epoll& epoll,
                             uint64_t first_key)
    : master_fd_(std::move(master)),
      epoll_(epoll),
      input_{input, first_key},
      master_{master_fd_, first_key + 1},
      output_{output, first_key + 2} {}

absl::Status TerminalRelay::Start() {
  SYSBOX_RETURN_IF_ERROR(SetNonBlocking(master_fd_, true));
  if (IsTerminal(input_.fd)) {
    FollowSize();
    SYSBOX_ASSIGN_OR_RETURN(RawTerminal raw, RawTerminal::Enter(input_.fd));
    raw_.emplace(std::move(raw));
  }
  return UpdateInterests();
}

void TerminalRelay::FollowSize() {
  absl::StatusOr<WindowSize> size = GetWindowSize(input_.fd);
  // A size is a courtesy: without one the program assumes 80x24.
  if (size.ok()) (void)SetWindowSize(master_fd_, *size);
}

absl::Status TerminalRelay::OnEvent(const ReadyEvent& event) {
  if (event.key == input_.key) {
    ReadInput();
  } else if (event.key == output_.key) {
    WriteOutput();
  } else {
    if ((event.events & kReadable) != 0) ReadMaster();
    if ((event.events & EPOLLOUT) != 0 && !input_.pollable) ReadInput();
  }
  FlushToMaster();
  return UpdateInterests();
}

void TerminalRelay::ReadInput() {
  if (!input_.open || !to_master_.empty()) return;
  absl::StatusOr<std::string> data = ReadSome(input_.fd, kChunk);
  if (data.ok()) {
    to_master_ = *std::move(data);
    input_.open = !to_master_.empty();
  } else {
    input_.open = ErrnoOf(data.status()) == EAGAIN;
  }
}

void TerminalRelay::FlushToMaster() {
  if (to_master_.empty()) return;
  absl::StatusOr<size_t> written = WriteSome(master_fd_, to_master_);
  if (written.ok()) {
    to_master_.erase(0, *written);
  } else if (ErrnoOf(written.status()) != EAGAIN) {
    to_master_.clear();  // nobody has the terminal open
  }
}

void TerminalRelay::ReadMaster() {
  if (!to_output_.empty()) return;
  absl::StatusOr<std::string> data = ReadSome(master_fd_, kChunk);
  if (!data.ok()) {
    // EIO: its last process has closed it.
    master_.open = ErrnoOf(data.status()) == EAGAIN;
    return;
  }
  master_.open = !data->empty();
  // With nobody to read it, output must not stop the container.
  if (output_.open) to_output_ = *std::move(data);
}

void TerminalRelay::WriteOutput() {
  if (to_output_.empty()) return;
  absl::StatusOr<size_t> written = WriteSome(output_.fd, to_output_);
  if (written.ok()) {
    to_output_.erase(0, *written);
  } else if (ErrnoOf(written.status()) != EAGAIN) {
    output_.open = false;
    to_output_.clear();
  }
}

absl::Status TerminalRelay::UpdateInterests() {
  while (!output_.pollable && !to_output_.empty()) WriteOutput();
  SYSBOX_RETURN_IF_ERROR(
      SetInterest(output_, to_output_.empty() ? 0 : uint32_t{EPOLLOUT}));
  SYSBOX_RETURN_IF_ERROR(
      SetInterest(input_, input_.open && to_master_.empty() && master_.open
                              ? uint32_t{EPOLLIN}
                              : 0));
  uint32_t master = to_output_.empty() ? uint32_t{EPOLLIN} : 0;
  if (!to_master_.empty() || (!input_.pollable && input_.open)) {
    master |= EPOLLOUT;
  }
  return SetInterest(master_, master_.open ? master : 0);
}

// Nothing of interest means out of the set: epoll reports hang-ups always.
absl::Status TerminalRelay::SetInterest(End& end, uint32_t interest) {
  if (!end.pollable || interest == end.interest) return absl::OkStatus();
  absl::Status status =
      end.interest == 0 ? epoll_.Add(end.fd, interest, end.key)
      : interest == 0   ? epoll_.Remove(end.fd)
                        : epoll_.Modify(end.fd, interest, end.key);
  if (ErrnoOf(status) == EPERM && end.interest == 0) {
    end.pollable = false;
    return UpdateInterests();
  }
  SYSBOX_RETURN_IF_ERROR(status);
  end.interest = interest;
  return absl::OkStatus();
}

absl::Status TerminalRelay::Drain() {
  for (size_t total = 0; total < kDrainLimit;) {
    if (!to_output_.empty()) {
      total += to_output_.size();
      absl::Status written = WriteAll(output_.fd, to_output_);
      to_output_.clear();
      if (!written.ok()) output_.open = false;
    }
    if (!master_.open || !output_.open) break;
    ReadMaster();
    if (to_output_.empty()) break;  // EAGAIN or the end
  }
  return absl::OkStatus();
}

}  // namespace sysbox::runtime
