// A sequence of changes to the host, told line by line as they are made, or
// only told.
#ifndef SYSBOX_CLI_STEPS_H_
#define SYSBOX_CLI_STEPS_H_

#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace sysbox::cli {

class Steps {
 public:
  explicit Steps(bool dry_run) : dry_run_(dry_run) {}

  // Makes one change: `what` is an order, "copy A to B". A failure's message
  // begins with it.
  absl::Status Do(std::string_view what,
                  absl::FunctionRef<absl::Status()> change) const;
  // Says that something needs no change, or anything else.
  absl::Status Say(std::string_view what) const;
  bool dry_run() const { return dry_run_; }

 private:
  bool dry_run_;
};

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_STEPS_H_
