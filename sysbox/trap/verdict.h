// What becomes of a trapped call.
#ifndef SYSBOX_TRAP_VERDICT_H_
#define SYSBOX_TRAP_VERDICT_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::trap {

struct Verdict {
  enum class Kind {
    kReturn,    // `value`
    kFail,      // errno `error`
    kFd,        // a descriptor of `file`
    kContinue,  // the kernel's to do, with the caller's own rights
  };
  Kind kind = Kind::kReturn;
  int64_t value = 0;
  int error = 0;
  Fd file;
  bool close_on_exec = false;
};

inline Verdict Return(int64_t value) {
  Verdict verdict;
  verdict.value = value;
  return verdict;
}
inline Verdict Fail(int error) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kFail;
  verdict.error = error;
  return verdict;
}
// The errno of `status`, which is an error; `otherwise` if it has none.
inline Verdict Fail(const absl::Status& status, int otherwise) {
  const int error = ErrnoOf(status);
  return Fail(error != 0 ? error : otherwise);
}
inline Verdict ReturnFile(Fd file, bool close_on_exec) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kFd;
  verdict.file = std::move(file);
  verdict.close_on_exec = close_on_exec;
  return verdict;
}
// Never as a decision about safety: the arguments' memory may have changed.
inline Verdict LetKernel() {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kContinue;
  return verdict;
}

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_VERDICT_H_
