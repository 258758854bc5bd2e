// For tests on the real kernel: uniquely named cgroups that are gone, with
// their processes, when the test ends, however it ends.
#ifndef SYSBOX_CGROUPS_TEST_HOST_H_
#define SYSBOX_CGROUPS_TEST_HOST_H_

#include <memory>
#include <string>

#include "sysbox/cgroups/cgroup.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/linux/process.h"

namespace sysbox::cgroups {

// "/sysbox-cgroups-test-PID-N": a cgroups path no one else uses.
std::string UniquePath();

// Kills what is in `cgroup` and destroys it when the scope ends.
class DestroyAtEnd {
 public:
  explicit DestroyAtEnd(Cgroup* cgroup) : cgroup_(cgroup) {}
  DestroyAtEnd(const DestroyAtEnd&) = delete;
  DestroyAtEnd& operator=(const DestroyAtEnd&) = delete;
  ~DestroyAtEnd();

 private:
  Cgroup* cgroup_;
};

// A child that joined through `handles` and then runs `body` (null: sleeps
// for ever). It has joined when this returns.
OwnedChild StartIn(const JoinHandles& handles, int (*body)() = nullptr);

// The unified hierarchy of this host, or why there is none to test with.
absl::StatusOr<Hierarchy> UnifiedHierarchy();

// As a place for V2Cgroup: the unified hierarchy of a hybrid host serves.
absl::StatusOr<Place> UnifiedPlace(const std::string& cgroups_path);

}  // namespace sysbox::cgroups

#endif  // SYSBOX_CGROUPS_TEST_HOST_H_
