#include "sysbox/fuse/poll_journal.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <utility>

#include "sysbox/base/status.h"

namespace sysbox::fuse {
namespace {

constexpr size_t kNameSize = 120;

}  // namespace

struct PollJournal::Slot {
  uint64_t file;         // 0: free. Set last
  char name[kNameSize];  // of the connection; zero-terminated
};

namespace {

std::atomic_ref<uint64_t> Atomic(uint64_t& file) {
  return std::atomic_ref<uint64_t>(file);
}

}  // namespace

PollJournal::PollJournal(SharedMemory memory) : memory_(std::move(memory)) {
  for (int i = kSlots; i-- > 0;) {
    (Atomic(SlotAt(i).file) != 0 ? left_ : free_).push_back(i);
  }
}

absl::StatusOr<std::unique_ptr<PollJournal>> PollJournal::Create() {
  SYSBOX_ASSIGN_OR_RETURN(
      SharedMemory memory,
      SharedMemory::Create("fuse-polls", kSlots * sizeof(Slot)));
  return std::unique_ptr<PollJournal>(new PollJournal(std::move(memory)));
}

absl::StatusOr<std::unique_ptr<PollJournal>> PollJournal::Open(Fd memory) {
  SYSBOX_ASSIGN_OR_RETURN(
      SharedMemory opened,
      SharedMemory::Open(std::move(memory), kSlots * sizeof(Slot)));
  return std::unique_ptr<PollJournal>(new PollJournal(std::move(opened)));
}

PollJournal::Slot& PollJournal::SlotAt(int slot) {
  return static_cast<Slot*>(memory_.data())[slot];
}

int PollJournal::Remember(std::string_view name, uint64_t file) {
  if (name.empty() || name.size() >= kNameSize) return -1;
  absl::MutexLock lock(&mu_);
  // Of connections that ended while nobody served them, when there is need.
  std::vector<int>& from = free_.empty() ? left_ : free_;
  if (from.empty()) return -1;
  const int index = from.back();
  from.pop_back();
  Slot& slot = SlotAt(index);
  Atomic(slot.file) = 0;
  memset(slot.name, 0, sizeof slot.name);
  memcpy(slot.name, name.data(), name.size());
  Atomic(slot.file) = file;
  return index;
}

void PollJournal::Forget(int slot) {
  absl::MutexLock lock(&mu_);
  Atomic(SlotAt(slot).file) = 0;
  free_.push_back(slot);
}

std::vector<PollJournal::Left> PollJournal::TakeLeft(std::string_view name) {
  std::vector<Left> taken;
  absl::MutexLock lock(&mu_);
  const auto rest = std::partition(left_.begin(), left_.end(), [&](int slot) {
    return std::string_view(SlotAt(slot).name) != name;
  });
  for (auto it = rest; it != left_.end(); ++it) {
    taken.push_back({*it, Atomic(SlotAt(*it).file)});
  }
  left_.erase(rest, left_.end());
  return taken;
}

}  // namespace sysbox::fuse
