#include "sysbox/fuse/libfuse_session.h"

#include <linux/fuse.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"

namespace sysbox::fuse {
namespace {

ssize_t SendReply(int, iovec* parts, int count, void* userdata) {
  static_cast<ReplySink*>(userdata)->Reply(
      absl::MakeConstSpan(parts, static_cast<size_t>(count)));
  // Whether it arrived is the sink's business: libfuse would print.
  ssize_t size = 0;
  for (int i = 0; i < count; ++i) {
    size += static_cast<ssize_t>(parts[i].iov_len);
  }
  return size;
}

// Requests come through Process.
ssize_t ReceiveNothing(int, void*, size_t, void*) {
  errno = EBADF;
  return -1;
}

struct Handshake {
  fuse_in_header header;
  fuse_init_in body;
};

Handshake MakeHandshake() {
  Handshake request = {};
  request.header.len = sizeof request;
  request.header.opcode = FUSE_INIT;
  request.header.unique = 1;
  request.body.major = FUSE_KERNEL_VERSION;
  request.body.minor = FUSE_KERNEL_MINOR_VERSION;
  // What decides how messages look, not what a kernel would like to do.
  request.body.flags = FUSE_MAX_PAGES | FUSE_DO_READDIRPLUS;
  return request;
}

}  // namespace

absl::StatusOr<std::unique_ptr<LibfuseSession>> LibfuseSession::Create(
    const fuse_lowlevel_ops& operations, ReplySink* sink) {
  char name[] = "sysbox";
  char* arguments[] = {name, nullptr};
  fuse_args args = FUSE_ARGS_INIT(1, arguments);
  const absl::Cleanup free_args = [&args] { fuse_opt_free_args(&args); };
  std::unique_ptr<LibfuseSession> session(new LibfuseSession(
      fuse_session_new(&args, &operations, sizeof operations, sink)));
  if (session->session_ == nullptr) return Internal("make a libfuse session");
  // It insists on a descriptor, which it closes in the end: a mute one.
  SYSBOX_ASSIGN_OR_RETURN(Fd mute, MakeEventFd());
  fuse_custom_io io = {};
  io.writev = SendReply;
  io.read = ReceiveNothing;
  const int result = fuse_session_custom_io(session->session_, &io, mute.get());
  if (result != 0) return ErrnoStatus(-result, "set up a libfuse session");
  (void)mute.release();  // the session's
  return session;
}

LibfuseSession::~LibfuseSession() {
  if (session_ != nullptr) fuse_session_destroy(session_);
}

void LibfuseSession::Process(std::string_view request) {
  fuse_buf buffer = {};
  buffer.mem = const_cast<char*>(request.data());  // only read
  buffer.size = request.size();
  fuse_session_process_buf(session_, &buffer);
}

std::string_view MadeUpHandshake() {
  static const Handshake request = MakeHandshake();
  return {reinterpret_cast<const char*>(&request), sizeof request};
}

}  // namespace sysbox::fuse
