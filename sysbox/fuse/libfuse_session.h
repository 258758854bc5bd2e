// libfuse's low-level session as a codec: bytes of one request in, a call of
// one of our operations, bytes of its reply out to where the caller says. No
// mount, no loop and no descriptor of its own.
#ifndef SYSBOX_FUSE_LIBFUSE_SESSION_H_
#define SYSBOX_FUSE_LIBFUSE_SESSION_H_

#include <fuse3/fuse_lowlevel.h>
#include <sys/uio.h>

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace sysbox::fuse {

// Receives the replies.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void Reply(absl::Span<const iovec> parts) = 0;
};

class LibfuseSession {
 public:
  // `sink` outlives the session. It is the userdata of the operations, too
  // (fuse_req_userdata), and of their init() and destroy().
  static absl::StatusOr<std::unique_ptr<LibfuseSession>> Create(
      const fuse_lowlevel_ops& operations, ReplySink* sink);
  ~LibfuseSession();
  LibfuseSession(const LibfuseSession&) = delete;
  LibfuseSession& operator=(const LibfuseSession&) = delete;

  // Takes what CheckRequest accepted. The first must be FUSE_INIT, the others
  // must not. Not thread-safe.
  void Process(std::string_view request);

 private:
  explicit LibfuseSession(fuse_session* session) : session_(session) {}
  fuse_session* session_;
};

// A FUSE_INIT request such as a kernel of the version that <linux/fuse.h>
// describes sends: readies a session that never sees the kernel's.
std::string_view MadeUpHandshake();

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_LIBFUSE_SESSION_H_
