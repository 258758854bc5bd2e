#include "sysbox/fuse/worker.h"

#include <linux/fuse.h>
#include <poll.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/fuse/handshake.h"
#include "sysbox/fuse/request.h"
#include "sysbox/linux/fuse_device.h"

namespace sysbox::fuse {
namespace {

// Whether whoever waited for a reply waits no more. ENOENT: its caller was
// killed; ENODEV: its connection is dead, as the next Read will say.
bool IsSettled(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return status.ok() || error == ENOENT || error == ENODEV;
}

void Refuse(FdRef device, uint64_t unique, int error_number) {
  if (IsSettled(WriteFuseError(device, unique, error_number))) return;
  (void)WriteFuseError(device, unique, error_number);  // all that we can do
}

// Without an answer a caller waits for good: what the kernel does not take is
// tried again, and at last an error in its place.
void Deliver(FdRef device, uint64_t unique, absl::Span<const iovec> parts) {
  for (int i = 0; i < 2; ++i) {
    if (IsSettled(WriteFuseReply(device, parts))) return;
  }
  Refuse(device, unique, EIO);
}

void AnswerNewConnection(Connection& connection, std::string_view request,
                         uint64_t unique) {
  const absl::StatusOr<std::string> reply = AnswerHandshake(request);
  if (!reply.ok()) {
    return Refuse(connection.device(), unique, EIO);
  }
  const iovec whole = {const_cast<char*>(reply->data()), reply->size()};
  Deliver(connection.device(), unique, absl::MakeConstSpan(&whole, 1));
}

int ErrorFor(const Connection& connection, const Request& request) {
  if (request.error_number == request.sysfs_error_number ||
      !connection.tree().IsLikeSysfs(request.node)) {
    return request.error_number;
  }
  return request.sysfs_error_number;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::Create(
    RequestBuffers& buffers) {
  SYSBOX_ASSIGN_OR_RETURN(const int buffer, buffers.Claim());
  std::unique_ptr<Worker> worker(new Worker(buffers, buffer));
  SYSBOX_ASSIGN_OR_RETURN(worker->session_,
                          LibfuseSession::Create(Operations(), worker.get()));
  worker->session_->Process(MadeUpHandshake());  // its reply goes nowhere
  return worker;
}

absl::StatusOr<Worker::Received> Worker::Read(Connection& connection) {
  const absl::Span<char> buffer = buffers_.At(buffer_);
  buffers_.Await(buffer_, connection.options().name);
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(const size_t size,
                            ReadFuseRequest(connection.device(), buffer));
    if (size == 0) return Received();
    const std::string_view bytes(buffer.data(), size);
    const absl::StatusOr<Request> request = CheckRequest(bytes);
    // No kernel sends what is not OK, so nobody waits for an answer.
    if (request.ok()) return Received{bytes, *request};
    buffers_.Done(buffer_);
  }
}

void Worker::Answer(Connection& connection, const Received& received) {
  Process(connection, received);
  buffers_.Done(buffer_);
}

void Worker::AnswerLeft(Connection& connection, std::string_view bytes) {
  const absl::StatusOr<Request> request = CheckRequest(bytes);
  if (request.ok()) Process(connection, {bytes, *request});
}

void Worker::Process(Connection& connection, const Received& received) {
  const Request& request = received.request;
  switch (request.action) {
    case RequestAction::kIgnore:
      break;
    case RequestAction::kRefuse:
      Refuse(connection.device(), request.unique,
             ErrorFor(connection, request));
      break;
    case RequestAction::kHandshake:
      AnswerNewConnection(connection, received.bytes, request.unique);
      break;
    case RequestAction::kPoll:
      AnswerPoll(connection, received.bytes);
      break;
    case RequestAction::kDecode:
      current_ = &connection;
      unique_ = request.unique;
      session_->Process(received.bytes);
      current_ = nullptr;
      break;
  }
}

// Always ready, as sysctls and seq_files are.
void Worker::AnswerPoll(Connection& connection, std::string_view bytes) {
  fuse_in_header header;
  fuse_poll_in poll;
  memcpy(&header, bytes.data(), sizeof header);
  memcpy(&poll, bytes.data() + sizeof header, sizeof poll);
  fuse_poll_out result = {};
  result.revents = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
  if (connection.tree().TellsOfChanges(header.nodeid) &&
      connection.polls().Ask(poll.kh,
                             (poll.flags & FUSE_POLL_SCHEDULE_NOTIFY) != 0)) {
    result.revents |= POLLERR | POLLPRI;
  }
  fuse_out_header reply = {};
  reply.len = sizeof reply + sizeof result;
  reply.unique = header.unique;
  const iovec parts[] = {{&reply, sizeof reply}, {&result, sizeof result}};
  Deliver(connection.device(), header.unique, parts);
}

void Worker::ForgetAttributes(NodeId node) {
  (void)current_->ForgetAttributes(node);  // it has none, or has ended
}

void Worker::Reply(absl::Span<const iovec> parts) {
  if (current_ == nullptr) return;
  Deliver(current_->device(), unique_, parts);
}

}  // namespace sysbox::fuse
