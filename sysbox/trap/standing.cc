#include "sysbox/trap/standing.h"

#include <memory>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/trap/memory.h"

namespace sysbox::trap {
namespace {

absl::StatusOr<InitPlacePtr> FindInit(const Container& container,
                                      const NamespaceId& mounts,
                                      const NamespaceId& network) {
  InitMemory own;
  InitMemory& memory =
      container.memory != nullptr ? container.memory->init : own;
  InitPlacePtr last = memory.LastPlace();
  if (last != nullptr && last->mounts.id == mounts &&
      last->network.id == network) {
    return last;
  }
  return memory.Place(container.init, container.init_start);
}

}  // namespace

absl::StatusOr<Standing> Standing::Of(const TrappedCall& call) {
  const Caller& caller = call.caller;
  SYSBOX_ASSIGN_OR_RETURN(const CallerNamespaces ids, caller.Namespaces());
  Standing standing;
  SYSBOX_ASSIGN_OR_RETURN(standing.init,
                          FindInit(call.container, ids.mounts, ids.network));
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
