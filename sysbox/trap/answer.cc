#include "sysbox/trap/answer.h"

#include "sysbox/trap/call.h"
#include "sysbox/trap/caller.h"
#include "sysbox/trap/families.h"
#include "sysbox/trap/table.h"

namespace sysbox::trap {

Verdict Decide(const seccomp::NotifyPort& port,
               const seccomp::Notification& call, const Container& container,
               Host& host, const Progress& progress) {
  const TableRow* row = FindRow(call.arch, call.number);
  // Nothing else is trapped; a filter of another version's might.
  if (row == nullptr || call.tid == 0) return LetKernel();
  const Caller caller(port, call);
  return HandlerOf(row->family)({*row, caller, container, host, progress});
}

absl::Status Answer(seccomp::NotifyPort& port, uint64_t id,
                    const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kReturn:
      return port.Return(id, verdict.value);
    case Verdict::Kind::kFail:
      return port.Fail(id, verdict.error);
    case Verdict::Kind::kFd:
      return port.ReturnFd(id, verdict.file, verdict.close_on_exec);
    case Verdict::Kind::kContinue:
      return port.Continue(id);
  }
  return absl::OkStatus();
}

}  // namespace sysbox::trap
