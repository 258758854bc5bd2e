// The buffers that requests are read into, in memory that outlives the
// process: what it had read and not answered when it was killed is found there
// by its successor. The kernel gives such requests out again only since Linux
// 6.9; before, their callers would wait for ever. Thread-safe.
#ifndef SYSBOX_FUSE_REQUEST_BUFFERS_H_
#define SYSBOX_FUSE_REQUEST_BUFFERS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/shared_memory.h"

namespace sysbox::fuse {

class RequestBuffers {
 public:
  // Pages that no request reached stay untouched.
  static absl::StatusOr<std::unique_ptr<RequestBuffers>> Create();
  // A predecessor's. InvalidArgument if it is of another layout.
  static absl::StatusOr<std::unique_ptr<RequestBuffers>> Open(Fd memory);
  FdRef memory() const { return memory_.fd(); }

  // A buffer for a thread, for good. ENOSPC when there is none left.
  absl::StatusOr<int> Claim();
  // Of kRequestBufferSize bytes.
  absl::Span<char> At(int buffer);
  // The next request read into it is of the connection `name`; empty, or
  // longer than 255 bytes: nobody will look for it.
  void Await(int buffer, std::string_view name);
  // What is in it is answered.
  void Done(int buffer);

  // What predecessors have left of the connection `name`, each once. Done when
  // answered.
  struct Left {
    int buffer = 0;
    std::string_view request;
  };
  std::vector<Left> TakeLeft(std::string_view name);

 private:
  struct Slot;
  explicit RequestBuffers(SharedMemory memory);
  Slot& SlotAt(int buffer);

  SharedMemory memory_;
  absl::Mutex mu_;
  std::vector<int> free_ ABSL_GUARDED_BY(mu_);
  std::vector<int> left_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_REQUEST_BUFFERS_H_
