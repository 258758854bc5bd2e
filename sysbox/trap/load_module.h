// init_module(2), finit_module(2): success when the host's kernel has the
// module already, loaded or built in; nothing is ever loaded.
#ifndef SYSBOX_TRAP_LOAD_MODULE_H_
#define SYSBOX_TRAP_LOAD_MODULE_H_

#include <optional>
#include <string>
#include <string_view>

#include "sysbox/trap/call.h"

namespace sysbox::trap {

// "/lib/modules/…/br-netfilter.ko.zst" → "br_netfilter"; nullopt when the
// name is no module's.
std::optional<std::string> ModuleNameOfPath(std::string_view path);

// The name in a module's image (its .modinfo "name="), as far as `image`
// reaches; nullopt if none is found. `image` is hostile.
std::optional<std::string> ModuleNameOfImage(std::string_view image);

Verdict LoadModule(const TrappedCall& call);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_LOAD_MODULE_H_
