// The OCI spec's names of namespace types ("network", "mount", …), which
// differ from the kernel's ("net", "mnt").
#ifndef SYSBOX_RUNTIME_NAMESPACE_NAMES_H_
#define SYSBOX_RUNTIME_NAMESPACE_NAMES_H_

#include <optional>
#include <string_view>

#include "sysbox/linux/namespaces.h"

namespace sysbox::runtime {

std::optional<NamespaceType> NamespaceTypeOf(std::string_view oci_name);
std::string_view OciName(NamespaceType type);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_NAMESPACE_NAMES_H_
