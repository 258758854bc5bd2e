// Extended attributes of what an O_PATH descriptor names, symlinks themselves
// included: getxattr(2), setxattr(2), removexattr(2) through /proc/self/fd.
#ifndef SYSBOX_LINUX_EXTENDED_ATTRIBUTES_H_
#define SYSBOX_LINUX_EXTENDED_ATTRIBUTES_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox {

// ENODATA if there is none; ERANGE beyond 64 KiB, which no kernel has.
absl::StatusOr<std::string> GetExtendedAttribute(FdRef file,
                                                 const std::string& name);
// `flags`: XATTR_CREATE, XATTR_REPLACE.
absl::Status SetExtendedAttribute(FdRef file, const std::string& name,
                                  std::string_view value, int flags);
absl::Status RemoveExtendedAttribute(FdRef file, const std::string& name);

}  // namespace sysbox

#endif  // SYSBOX_LINUX_EXTENDED_ATTRIBUTES_H_
