// How a Tree is served on one connection.
#ifndef SYSBOX_FUSE_SERVICE_OPTIONS_H_
#define SYSBOX_FUSE_SERVICE_OPTIONS_H_

#include <functional>
#include <string>

namespace sysbox::fuse {

// What the kernel may keep. Of one connection; so a container has two.
enum class ServiceKind {
  // Names, attributes and content stay in the kernel's caches until a
  // Tree::Write through this connection or Invalidate: native speed.
  kStatic,
  // Names and attributes likewise, content never: each open file has its own
  // snapshot, taken by its first read and by every read at offset 0.
  kLive,
};

struct ServiceOptions {
  ServiceKind kind = ServiceKind::kStatic;
  // The connection was served before, by a process that may have died with
  // requests in hand.
  bool resumed = false;
  // Of the connection, for all its life: what its requests are known by in
  // ServerOptions::buffers.
  std::string name = {};
  // Called once, from a thread of the server, when the connection is dead (its
  // mounts are gone) and let go of. Not after Remove has returned, unless it
  // is running then. May call Remove and Add.
  std::function<void()> on_end = {};
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_SERVICE_OPTIONS_H_
