#include "sysbox/trap/in_flight_journal.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <utility>

#include "sysbox/base/status.h"

namespace sysbox::trap {
namespace {

constexpr uint64_t kMagic = 0x32706172'74786273;  // "sbxtrap2"
constexpr int kSlots = 512;
constexpr size_t kMaxName = 151;

struct Slot {
  // Written last on entering and first on leaving.
  std::atomic<uint32_t> used;
  uint32_t name_size;
  char name[kMaxName + 1];
  std::atomic<uint64_t> mark;
  alignas(8) char notification[seccomp::kNotificationBytes];
};

}  // namespace

struct InFlightJournal::Layout {
  uint64_t magic;
  uint64_t slot_size;
  Slot slots[kSlots];
};

InFlightJournal::InFlightJournal(SharedMemory memory)
    : memory_(std::move(memory)),
      layout_(static_cast<Layout*>(memory_.data())) {
  for (int i = kSlots - 1; i >= 0; --i) {
    if (layout_->slots[i].used == 0) free_.push_back(i);
  }
}

absl::StatusOr<std::unique_ptr<InFlightJournal>> InFlightJournal::Create() {
  SYSBOX_ASSIGN_OR_RETURN(
      SharedMemory memory,
      SharedMemory::Create("sysbox trap journal", sizeof(Layout)));
  auto* layout = static_cast<Layout*>(memory.data());
  layout->magic = kMagic;
  layout->slot_size = sizeof(Slot);
  return std::unique_ptr<InFlightJournal>(
      new InFlightJournal(std::move(memory)));
}

absl::StatusOr<std::unique_ptr<InFlightJournal>> InFlightJournal::Open(
    Fd memory) {
  SYSBOX_ASSIGN_OR_RETURN(SharedMemory shared,
                          SharedMemory::Open(std::move(memory), sizeof(Layout)),
                          "in-flight journal");
  const auto* layout = static_cast<const Layout*>(shared.data());
  if (layout->magic != kMagic || layout->slot_size != sizeof(Slot)) {
    return InvalidArgument("in-flight journal of another version");
  }
  return std::unique_ptr<InFlightJournal>(
      new InFlightJournal(std::move(shared)));
}

int InFlightJournal::Reserve(std::string_view listener) {
  if (listener.size() > kMaxName) return -1;
  absl::MutexLock lock(&mu_);
  if (free_.empty()) return -1;
  const int index = free_.back();
  free_.pop_back();
  Slot& slot = layout_->slots[index];
  slot.name_size = static_cast<uint32_t>(listener.size());
  memcpy(slot.name, listener.data(), listener.size());
  slot.mark.store(0, std::memory_order_relaxed);
  // A predecessor may have died while it left.
  memset(slot.notification, 0, sizeof slot.notification);
  slot.used.store(1, std::memory_order_release);
  return index;
}

void* InFlightJournal::NotificationBytes(int slot) {
  return layout_->slots[slot].notification;
}

void InFlightJournal::Note(int slot, uint64_t mark) {
  layout_->slots[slot].mark.store(mark, std::memory_order_release);
}

void InFlightJournal::Leave(int slot) {
  if (slot < 0) return;
  absl::MutexLock lock(&mu_);
  layout_->slots[slot].used.store(0, std::memory_order_release);
  free_.push_back(slot);
}

std::vector<InFlightJournal::Unanswered> InFlightJournal::Find(
    std::string_view listener) {
  std::vector<Unanswered> found;
  for (int i = 0; i < kSlots; ++i) {
    Slot& slot = layout_->slots[i];
    if (slot.used.load(std::memory_order_acquire) == 0 ||
        slot.name_size > kMaxName ||
        std::string_view(slot.name, slot.name_size) != listener) {
      continue;
    }
    found.push_back({i, seccomp::DecodeNotification(slot.notification),
                     slot.mark.load(std::memory_order_acquire)});
  }
  return found;
}

}  // namespace sysbox::trap
