#include "sysbox/fuse/handshake.h"

#include <linux/fuse.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "sysbox/base/status.h"
#include "sysbox/fuse/libfuse_session.h"
#include "sysbox/fuse/request.h"

namespace sysbox::fuse {
namespace {

// Asynchronous requests (closings) the kernel may have under way at once.
constexpr unsigned kMaxBackground = 64;

constexpr unsigned kWanted =
    FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS |
    FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_CACHE_SYMLINKS;

void Agree(void*, fuse_conn_info* connection) {
  connection->want = connection->capable & kWanted;
  connection->max_write = kMaxWrite;
  connection->max_background = kMaxBackground;
}

class CopyingSink : public ReplySink {
 public:
  void Reply(absl::Span<const iovec> parts) override {
    for (const iovec& part : parts) {
      copy.append(static_cast<const char*>(part.iov_base), part.iov_len);
    }
  }
  std::string copy;
};

// Full length: a kernel before 7.36 sends less than libfuse may look at.
struct FullRequest {
  fuse_in_header header;
  fuse_init_in body;
};

}  // namespace

absl::StatusOr<std::string> AnswerHandshake(std::string_view request) {
  FullRequest full = {};
  memcpy(&full, request.data(), std::min(request.size(), sizeof full));
  full.header.len = sizeof full;
  fuse_lowlevel_ops operations = {};
  operations.init = Agree;
  CopyingSink sink;
  SYSBOX_ASSIGN_OR_RETURN(std::unique_ptr<LibfuseSession> session,
                          LibfuseSession::Create(operations, &sink),
                          "answer a new fuse connection");
  session->Process({reinterpret_cast<const char*>(&full), sizeof full});
  if (sink.copy.empty())
    return Internal("a new fuse connection is not answered");
  return std::move(sink.copy);
}

}  // namespace sysbox::fuse
