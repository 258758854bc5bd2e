// How far the answer to a call had come when the process that worked on it was
// killed: what lets its successor tell whether something was done already that
// is not to be done twice.
#ifndef SYSBOX_TRAP_PROGRESS_H_
#define SYSBOX_TRAP_PROGRESS_H_

#include <cstdint>

#include "sysbox/trap/in_flight_journal.h"

namespace sysbox::trap {

class Progress {
 public:
  // Nobody will go on with it.
  Progress() = default;
  // `journal` is borrowed; `earlier` is what a predecessor noted.
  Progress(InFlightJournal* journal, int slot, uint64_t earlier)
      : journal_(journal), slot_(slot), earlier_(earlier) {}

  // 0: there was none, or it had not come to that.
  uint64_t earlier() const { return earlier_; }
  // Right before the action. What `mark` says is the handler's; not 0.
  void Note(uint64_t mark) const {
    if (journal_ != nullptr && slot_ >= 0) journal_->Note(slot_, mark);
  }

 private:
  InFlightJournal* journal_ = nullptr;
  int slot_ = -1;
  uint64_t earlier_ = 0;
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_PROGRESS_H_
