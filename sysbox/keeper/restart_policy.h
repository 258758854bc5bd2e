// Whether and when a worker that ended is followed by another. Pure.
#ifndef SYSBOX_KEEPER_RESTART_POLICY_H_
#define SYSBOX_KEEPER_RESTART_POLICY_H_

#include <optional>

#include "sysbox/linux/process.h"

namespace sysbox::keeper {

class RestartPolicy {
 public:
  struct Ended {
    ExitStatus status;
    bool was_ready = false;  // it served, for however short
    int lived_ms = 0;
  };
  // Milliseconds to wait before the next worker; nullopt: there is none. A
  // worker that exits with 0 was asked to; one that fails before any ever was
  // ready would fail again; one that was killed from outside is replaced at
  // once; one that crashes is given ever more time, up to five seconds, until
  // one has lived for ten or was killed from outside while it served.
  std::optional<int> AfterEnd(const Ended& ended);

 private:
  bool ever_ready_ = false;
  int crashes_ = 0;  // in a row
};

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_RESTART_POLICY_H_
