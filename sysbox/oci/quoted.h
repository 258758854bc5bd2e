// Text from a config.json for a one-line message.
#ifndef SYSBOX_OCI_QUOTED_H_
#define SYSBOX_OCI_QUOTED_H_

#include <string>
#include <string_view>

namespace sysbox::oci {

// In double quotes; control characters replaced, cut when very long.
std::string Quoted(std::string_view text);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_QUOTED_H_
