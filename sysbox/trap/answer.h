// From a trapped call to its answer: the row of the table, its handler, what
// the kernel is told. Knows no thread and no queue.
#ifndef SYSBOX_TRAP_ANSWER_H_
#define SYSBOX_TRAP_ANSWER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "sysbox/seccomp/notify_port.h"
#include "sysbox/trap/container.h"
#include "sysbox/trap/progress.h"
#include "sysbox/trap/verdict.h"

namespace sysbox::trap {

// What the call's handler says, having done what there is to do. The kernel's
// own answer for what is in no row.
Verdict Decide(const seccomp::NotifyPort& port,
               const seccomp::Notification& call, const Container& container,
               Host& host, const Progress& progress);

// Tells the kernel. OK, too, if nobody waits for it any more.
absl::Status Answer(seccomp::NotifyPort& port, uint64_t id,
                    const Verdict& verdict);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_ANSWER_H_
