#include "sysbox/trap/standing.h"

#include <memory>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/trap/memory.h"

namespace sysbox::trap {
namespace {

// Null if it is not known to have been there.
InitPlacePtr RecallInit(const Container& container,
                        const CallerNamespaces& callers) {
  if (container.memory == nullptr) return nullptr;
  InitPlacePtr last = container.memory->init.LastPlace();
  const bool same = last != nullptr && last->mounts.id == callers.mounts &&
                    last->network.id == callers.network;
  return same ? last : nullptr;
}

}  // namespace

absl::StatusOr<InitPlacePtr> FindInit(const Container& container) {
  InitMemory own;
  InitMemory& memory =
      container.memory != nullptr ? container.memory->init : own;
  return memory.Place(container.init, container.init_start);
}

absl::StatusOr<Standing> Standing::Of(const TrappedCall& call) {
  const Caller& caller = call.caller;
  SYSBOX_ASSIGN_OR_RETURN(const CallerNamespaces ids, caller.Namespaces());
  Standing standing;
  standing.init = RecallInit(call.container, ids);
  if (standing.init == nullptr) {
    SYSBOX_ASSIGN_OR_RETURN(standing.init, FindInit(call.container));
  }
  const auto know =
      [&](NamespaceType type, const NamespaceId& id,
          const KnownNamespace& inits) -> absl::StatusOr<KnownNamespace> {
    if (id == inits.id) return inits;
    SYSBOX_ASSIGN_OR_RETURN(Fd ns, caller.Namespace(type));
    return Know(standing.open.emplace_back(std::move(ns)));
  };
  const InitPlace& init = *standing.init;
  SYSBOX_ASSIGN_OR_RETURN(standing.mounts,
                          know(NamespaceType::kMount, ids.mounts, init.mounts));
  SYSBOX_ASSIGN_OR_RETURN(standing.network, know(NamespaceType::kNetwork,
                                                 ids.network, init.network));
  SYSBOX_ASSIGN_OR_RETURN(standing.pids,
                          know(NamespaceType::kPid, ids.pids, init.pids));
  return standing;
}

}  // namespace sysbox::trap
