// A request as /dev/fuse delivers it, checked: lengths and strings are what
// its operation needs, so that decoders need not look. And what is answered
// without a decoder: what no emulated file can do.
#ifndef SYSBOX_FUSE_REQUEST_H_
#define SYSBOX_FUSE_REQUEST_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace sysbox::fuse {

// The largest write(2) that arrives in one piece (max_write), in bytes.
inline constexpr uint32_t kMaxWrite = 64 << 10;
// What a buffer for requests must hold.
inline constexpr size_t kRequestBufferSize = kMaxWrite + 4096;

enum class RequestAction {
  kDecode,     // by an operation of ours
  kHandshake,  // FUSE_INIT
  kPoll,       // FUSE_POLL
  kRefuse,     // with `error_number` (0: success)
  kIgnore,     // no reply is wanted
};

struct Request {
  uint64_t unique = 0;  // names it in its reply
  uint64_t node = 0;    // that it is for; of a name, its directory
  RequestAction action = RequestAction::kRefuse;
  int error_number = 0;
  int sysfs_error_number = 0;  // instead, where Tree::IsLikeSysfs
  // A Tree has a say in the answer, and may take its time.
  bool asks_tree = false;
};

// InvalidArgument: what comes from a kernel never is.
absl::StatusOr<Request> CheckRequest(std::string_view bytes);

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_REQUEST_H_
