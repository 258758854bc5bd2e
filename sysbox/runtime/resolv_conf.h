// Docker's resolver of a network of the user's, 127.0.0.11, under an address
// that an engine inside the container can pass on to its containers: a
// loopback address it has to leave out. Done as the container begins: only
// then has every version of Docker written the file.
#ifndef SYSBOX_RUNTIME_RESOLV_CONF_H_
#define SYSBOX_RUNTIME_RESOLV_CONF_H_

#include <string>
#include <string_view>

#include "sysbox/api/manager.h"
#include "sysbox/oci/state.h"

namespace sysbox::runtime {

// `text` of a resolv.conf(5) with name server `from` replaced by `to`; as it
// is if it has no such line. Pure.
std::string ReplaceNameserver(std::string_view text, std::string_view from,
                              std::string_view to);

// Asks the manager for the address, if the container has such a resolver, and
// rewrites Docker's file of it. What goes wrong is logged: the container has
// its names either way.
void AliasDns(const oci::StateFile& state, api::Manager& manager);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_RESOLV_CONF_H_
