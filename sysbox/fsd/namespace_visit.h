// The calling thread in another network, ipc or uts namespace for a moment:
// setns(2) there, and back when this is dropped. If there is no way back the
// process ends itself: a thread left in a container's namespace would serve
// others from it.
#ifndef SYSBOX_FSD_NAMESPACE_VISIT_H_
#define SYSBOX_FSD_NAMESPACE_VISIT_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/namespaces.h"

namespace sysbox::fsd {

class NamespaceVisit {
 public:
  // `home` is where the thread is now. Both are borrowed for the visit.
  static absl::StatusOr<NamespaceVisit> To(FdRef ns, FdRef home,
                                           NamespaceType type);
  NamespaceVisit(NamespaceVisit&& other) noexcept;
  NamespaceVisit& operator=(NamespaceVisit&&) = delete;
  ~NamespaceVisit();

 private:
  NamespaceVisit(FdRef home, NamespaceType type) : home_(home), type_(type) {}
  FdRef home_;
  NamespaceType type_;
  bool away_ = true;
};

// The calling thread with another effective user for a moment, and root again
// when this is dropped, or the process ends itself. Some files of an ipc
// namespace obey the root of its user namespace and nobody else, not even the
// host's.
class EffectiveUser {
 public:
  static absl::StatusOr<EffectiveUser> Assume(uid_t uid);
  EffectiveUser(EffectiveUser&& other) noexcept;
  EffectiveUser& operator=(EffectiveUser&&) = delete;
  ~EffectiveUser();

 private:
  EffectiveUser() = default;
  bool assumed_ = true;
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_NAMESPACE_VISIT_H_
