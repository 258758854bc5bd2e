// The FUSE operations that emulated files have, as libfuse wants them: each
// calls one function of a Tree, turns its result into the reply, and adds what
// depends on the kind of service (what the kernel may keep, snapshots).
#ifndef SYSBOX_FUSE_OPERATIONS_H_
#define SYSBOX_FUSE_OPERATIONS_H_

#include <fuse3/fuse_lowlevel.h>

#include "sysbox/fuse/libfuse_session.h"
#include "sysbox/fuse/open_files.h"
#include "sysbox/fuse/service_options.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::fuse {

// Whom one request is about. The sink of the session that runs Operations().
class Service : public ReplySink {
 public:
  virtual Tree& tree() = 0;
  virtual ServiceKind kind() const = 0;
  virtual OpenFiles& open_files() = 0;
  // The kernel asks for the node's attributes before it uses them again.
  virtual void ForgetAttributes(NodeId node) = 0;
};

const fuse_lowlevel_ops& Operations();

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_OPERATIONS_H_
