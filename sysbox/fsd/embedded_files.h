// Emulated files without a daemon: a child of the runtime serves those of one
// container, as long as that lives.
#ifndef SYSBOX_FSD_EMBEDDED_FILES_H_
#define SYSBOX_FSD_EMBEDDED_FILES_H_

#include <memory>
#include <string>

#include "sysbox/api/manager.h"

namespace sysbox::fsd {

// `manager`, and who registers with it gets emulated files if he asks for
// them. The child is forked by Register: the process must have one thread
// then. It ends with the container's init, or with this object if there is
// none (any more); it is in a session of its own and keeps nothing open.
// Stored values are kept below `run_dir` meanwhile.
std::unique_ptr<api::Manager> WithEmbeddedFiles(
    std::unique_ptr<api::Manager> manager, std::string run_dir);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_EMBEDDED_FILES_H_
