// The answer to FUSE_INIT: what we and the kernel agree on for a connection.
#ifndef SYSBOX_FUSE_HANDSHAKE_H_
#define SYSBOX_FUSE_HANDSHAKE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sysbox::fuse {

// The whole reply to `request`, a FUSE_INIT that CheckRequest accepted.
// Attribute changes drop cached content, lists and links are cached, truncation
// is a request of its own (O_TRUNC would else be lost where open is none).
absl::StatusOr<std::string> AnswerHandshake(std::string_view request);

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_HANDSHAKE_H_
