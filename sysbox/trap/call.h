// One trapped call on its way through a handler.
#ifndef SYSBOX_TRAP_CALL_H_
#define SYSBOX_TRAP_CALL_H_

#include <linux/audit.h>

#include "sysbox/trap/caller.h"
#include "sysbox/trap/container.h"
#include "sysbox/trap/progress.h"
#include "sysbox/trap/table.h"
#include "sysbox/trap/verdict.h"

namespace sysbox::trap {

// All borrowed.
struct TrappedCall {
  const TableRow& row;
  const Caller& caller;
  const Container& container;
  Host& host;
  const Progress& progress;

  // Of a 32-bit ABI: pointers and longs of 4 bytes.
  bool narrow() const {
    return caller.arch() == AUDIT_ARCH_I386 || caller.arch() == AUDIT_ARCH_ARM;
  }
};

// Answers the call. On ESRCH nobody waits for the answer any more; what it is
// does not matter then.
using Handler = Verdict (*)(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_CALL_H_
