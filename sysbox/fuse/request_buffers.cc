#include "sysbox/fuse/request_buffers.h"

#include <linux/fuse.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/fuse/request.h"

namespace sysbox::fuse {
namespace {

// More than the threads of several processes that died one after another
// before they had answered what was left to them.
constexpr int kSlots = 256;
constexpr size_t kNameSize = 256;
constexpr size_t kPage = 4096;

}  // namespace

struct RequestBuffers::Slot {
  char name[kNameSize];  // of the connection; zero-terminated
  char unused[kPage - kNameSize];
  // Begins with fuse_in_header, whose first member is the length: 0 when
  // there is nothing to be answered.
  char request[kRequestBufferSize];
};
static_assert(offsetof(fuse_in_header, len) == 0);
static_assert(kRequestBufferSize % kPage == 0);

namespace {

using Length = std::atomic_ref<uint32_t>;

Length LengthOf(char* request) {
  return Length(*reinterpret_cast<uint32_t*>(request));
}

}  // namespace

RequestBuffers::RequestBuffers(SharedMemory memory)
    : memory_(std::move(memory)) {
  for (int i = kSlots; i-- > 0;) {
    const uint32_t length = LengthOf(SlotAt(i).request).load();
    const bool whole =
        length >= sizeof(fuse_in_header) && length <= kRequestBufferSize;
    (whole ? left_ : free_).push_back(i);
  }
}

absl::StatusOr<std::unique_ptr<RequestBuffers>> RequestBuffers::Create() {
  SYSBOX_ASSIGN_OR_RETURN(
      SharedMemory memory,
      SharedMemory::Create("fuse-requests", kSlots * sizeof(Slot)));
  return std::unique_ptr<RequestBuffers>(new RequestBuffers(std::move(memory)));
}

absl::StatusOr<std::unique_ptr<RequestBuffers>> RequestBuffers::Open(
    Fd memory) {
  SYSBOX_ASSIGN_OR_RETURN(
      SharedMemory opened,
      SharedMemory::Open(std::move(memory), kSlots * sizeof(Slot)));
  return std::unique_ptr<RequestBuffers>(new RequestBuffers(std::move(opened)));
}

RequestBuffers::Slot& RequestBuffers::SlotAt(int buffer) {
  return static_cast<Slot*>(memory_.data())[buffer];
}

absl::StatusOr<int> RequestBuffers::Claim() {
  absl::MutexLock lock(&mu_);
  if (free_.empty()) return ErrnoStatus(ENOSPC, "a buffer for fuse requests");
  const int buffer = free_.back();
  free_.pop_back();
  Done(buffer);
  return buffer;
}

absl::Span<char> RequestBuffers::At(int buffer) {
  return SlotAt(buffer).request;
}

void RequestBuffers::Await(int buffer, std::string_view name) {
  Slot& slot = SlotAt(buffer);
  if (name.size() >= kNameSize) name = {};
  if (name == slot.name) return;
  memset(slot.name, 0, sizeof slot.name);
  memcpy(slot.name, name.data(), name.size());
}

void RequestBuffers::Done(int buffer) { LengthOf(SlotAt(buffer).request) = 0; }

std::vector<RequestBuffers::Left> RequestBuffers::TakeLeft(
    std::string_view name) {
  std::vector<Left> taken;
  if (name.empty() || name.size() >= kNameSize) return taken;
  absl::MutexLock lock(&mu_);
  const auto rest = std::partition(left_.begin(), left_.end(), [&](int buffer) {
    return std::string_view(SlotAt(buffer).name) != name;
  });
  for (auto it = rest; it != left_.end(); ++it) {
    char* const request = SlotAt(*it).request;
    taken.push_back({*it, {request, LengthOf(request).load()}});
  }
  left_.erase(rest, left_.end());
  return taken;
}

}  // namespace sysbox::fuse
