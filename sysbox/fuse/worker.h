// One thread's means to answer requests: a buffer and a libfuse session, which
// serve one connection after another.
#ifndef SYSBOX_FUSE_WORKER_H_
#define SYSBOX_FUSE_WORKER_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/fuse/connection.h"
#include "sysbox/fuse/libfuse_session.h"
#include "sysbox/fuse/operations.h"
#include "sysbox/fuse/request.h"
#include "sysbox/fuse/request_buffers.h"

namespace sysbox::fuse {

class Worker : public Service {
 public:
  // `buffers` outlive it; it takes one of them.
  static absl::StatusOr<std::unique_ptr<Worker>> Create(
      RequestBuffers& buffers);

  struct Received {
    std::string_view bytes;  // empty: no request waits
    Request request;
  };
  // Reads the next request of `connection`. ENODEV: the connection is dead.
  absl::StatusOr<Received> Read(Connection& connection);
  // Answers what Read returned. Whatever goes wrong goes to the caller.
  void Answer(Connection& connection, const Received& received);
  // Answers what a predecessor had read.
  void AnswerLeft(Connection& connection, std::string_view bytes);

  Tree& tree() override { return current_->tree(); }
  ServiceKind kind() const override { return current_->options().kind; }
  OpenFiles& open_files() override { return current_->open_files(); }
  void ForgetAttributes(NodeId node) override;
  void Reply(absl::Span<const iovec> parts) override;

 private:
  Worker(RequestBuffers& buffers, int buffer)
      : buffers_(buffers), buffer_(buffer) {}
  void Process(Connection& connection, const Received& received);
  void AnswerPoll(Connection& connection, std::string_view bytes);

  RequestBuffers& buffers_;
  const int buffer_;
  Connection* current_ = nullptr;  // while it answers
  uint64_t unique_ = 0;            // what
  std::unique_ptr<LibfuseSession> session_;
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_WORKER_H_
