#include "sysbox/fsd/namespace_visit.h"

#include <cstdlib>
#include <utility>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/credentials.h"

namespace sysbox::fsd {

absl::StatusOr<NamespaceVisit> NamespaceVisit::To(FdRef ns, FdRef home,
                                                  NamespaceType type) {
  SYSBOX_RETURN_IF_ERROR(EnterNamespace(ns, type));
  return NamespaceVisit(home, type);
}

NamespaceVisit::NamespaceVisit(NamespaceVisit&& other) noexcept
    : home_(other.home_),
      type_(other.type_),
      away_(std::exchange(other.away_, false)) {}

NamespaceVisit::~NamespaceVisit() {
  if (!away_) return;
  const absl::Status back = EnterNamespace(home_, type_);
  if (back.ok()) return;
  Log(LogLevel::kFatal, "no way back from a container's {} namespace: {}",
      ProcName(type_), MessageOf(back));
  abort();
}

absl::StatusOr<EffectiveUser> EffectiveUser::Assume(uid_t uid) {
  SYSBOX_RETURN_IF_ERROR(SetEffectiveUser(uid));
  return EffectiveUser();
}

EffectiveUser::EffectiveUser(EffectiveUser&& other) noexcept
    : assumed_(std::exchange(other.assumed_, false)) {}

EffectiveUser::~EffectiveUser() {
  if (!assumed_) return;
  const absl::Status back = SetEffectiveUser(0);
  if (back.ok()) return;
  Log(LogLevel::kFatal, "no way back to root: {}", MessageOf(back));
  abort();
}

}  // namespace sysbox::fsd
