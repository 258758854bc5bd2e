// Emulated files and interception without a daemon: a child of the runtime
// serves those of one container, as long as that lives.
#ifndef SYSBOX_FSD_EMBEDDED_FILES_H_
#define SYSBOX_FSD_EMBEDDED_FILES_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "sysbox/api/manager.h"
#include "sysbox/linux/fd.h"

namespace sysbox::fsd {

// `manager`, and who registers with it gets emulated files if he asks for
// them. The child is forked by Register: the process must have one thread
// then. It ends with the container's init, or with this object if there is
// none (any more); it is in a session of its own and keeps nothing open.
// Stored values are kept below `run_dir` meanwhile.
std::unique_ptr<api::Manager> WithEmbeddedFiles(
    std::unique_ptr<api::Manager> manager, std::string run_dir);

// The listener of another process of container `id` goes to the child that
// somebody left there. NotFound: it has none, or not any more.
absl::Status ListenEmbedded(const std::string& run_dir, const std::string& id,
                            FdRef listener);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_EMBEDDED_FILES_H_
