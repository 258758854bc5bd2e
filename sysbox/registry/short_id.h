// A container's id as a part of names whose length is limited: of files, of
// descriptors in the vault. An id may be as long as a file name itself. Pure.
#ifndef SYSBOX_REGISTRY_SHORT_ID_H_
#define SYSBOX_REGISTRY_SHORT_ID_H_

#include <string>
#include <string_view>

namespace sysbox::registry {

// The id, unless it is longer than 100 bytes: then its beginning, and what
// tells it from others. The same in every process.
std::string ShortId(std::string_view id);

}  // namespace sysbox::registry

#endif  // SYSBOX_REGISTRY_SHORT_ID_H_
