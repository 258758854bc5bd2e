// The process that serves one container's files and answers its trapped calls
// where no daemon runs, and what it and the runtime say to one another over a
// SEQPACKET socket pair:
//
//     runtime                        child
//        │ fork ────────────────────▶│
//        │◀── {} [static, live] ─────┤
//        ├─── PID [pidfd] ──────────▶│  the container's init exists
//        │◀── {} ────────────────────┤
//        ├─── listen [listener] ────▶│  of a seccomp filter
//        │◀── {} ────────────────────┤
//
// Who starts another process in the container says `listen` on a socket that
// the child has in the file system meanwhile.
// Instead of {} the child may send an error (api::ErrorReply), and ends.
#ifndef SYSBOX_FSD_FILE_CHILD_H_
#define SYSBOX_FSD_FILE_CHILD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/ids/id_range.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/process.h"

namespace sysbox::fsd {

struct FileChildOptions {
  std::string id;
  IdMaps maps;
  std::string run_dir;
};

// The child's life; returns its exit code. Lives until the container's init
// has ended, or, without one, until `socket`'s other end is closed. Closes all
// other descriptors and makes threads.
int RunFileChild(FdRef socket, const FileChildOptions& options);

// The runtime's half.
absl::Status SendInit(FdRef socket, const Pidfd& init);
absl::Status SendListener(FdRef socket, FdRef listener);
// To the child of container `id`; NotFound if it has none.
absl::StatusOr<Fd> ConnectToFileChild(const std::string& run_dir,
                                      const std::string& id);
// The next message of the child, which must carry `count` descriptors.
absl::StatusOr<std::vector<Fd>> ReceiveFromFileChild(FdRef socket,
                                                     size_t count);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_FILE_CHILD_H_
