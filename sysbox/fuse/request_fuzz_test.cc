// Any bytes as a request, for both kinds of service, on a connection that goes
// nowhere: what CheckRequest lets through can be decoded and answered.

#include <fcntl.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "sysbox/fuse/connection.h"
#include "sysbox/fuse/request.h"
#include "sysbox/fuse/request_buffers.h"
#include "sysbox/fuse/toy_tree.h"
#include "sysbox/fuse/worker.h"
#include "sysbox/linux/file.h"

namespace sysbox::fuse {
namespace {

// In which no read waits: there is nobody to end it.
std::shared_ptr<ToyTree> PromptTree() {
  auto tree = std::make_shared<ToyTree>();
  tree->LetSlow();
  return tree;
}

class Answers {
 public:
  explicit Answers(ServiceKind kind)
      : connection_(1, *Open("/dev/null", {.flags = O_RDWR}), PromptTree(),
                    {.kind = kind}, 1),
        buffers_(*RequestBuffers::Create()),
        worker_(*Worker::Create(*buffers_)) {}

  void Try(std::string_view bytes) {
    const absl::StatusOr<Request> request = CheckRequest(bytes);
    if (!request.ok()) return;
    worker_->Answer(connection_, {bytes, *request});
  }

 private:
  Connection connection_;
  std::unique_ptr<RequestBuffers> buffers_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace
}  // namespace sysbox::fuse

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::fuse;  // NOLINT: a test's entry point
  static auto* const fixed = new Answers(ServiceKind::kStatic);
  static auto* const live = new Answers(ServiceKind::kLive);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  fixed->Try(bytes);
  live->Try(bytes);
  return 0;
}
