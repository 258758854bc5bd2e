// Frames and their descriptors over one SOCK_SEQPACKET socket. Knows no
// message. Blocks or not as the socket does. Not thread-safe.
#ifndef SYSBOX_WIRE_CONNECTION_H_
#define SYSBOX_WIRE_CONNECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox::wire {

struct Frame {
  uint16_t message = 0;
  uint32_t request_id = 0;
  std::string payload;
  std::vector<Fd> fds;
};

class Connection {
 public:
  Connection() = default;
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}

  // All or nothing; EAGAIN (ErrnoOf) when a non-blocking socket is full. The
  // descriptors stay the caller's.
  absl::Status Send(uint16_t message, uint32_t request_id,
                    std::string_view payload, absl::Span<const FdRef> fds);

  // nullopt: the peer closed. EAGAIN when a non-blocking socket is empty.
  // InvalidArgument: a bad frame, whose descriptors are closed already.
  absl::StatusOr<std::optional<Frame>> Receive();

  FdRef fd() const { return socket_; }
  bool valid() const { return socket_.valid(); }

 private:
  Fd socket_;
};

}  // namespace sysbox::wire

#endif  // SYSBOX_WIRE_CONNECTION_H_
