#include "sysbox/linux/extended_attributes.h"

#include <sys/xattr.h>

#include "sysbox/linux/syscall_status.h"

namespace sysbox {

absl::StatusOr<std::string> GetExtendedAttribute(FdRef file,
                                                 const std::string& name) {
  constexpr size_t kLargest = size_t{64} << 10;
  std::string value(kLargest, '\0');
  const ssize_t size = getxattr(ProcPath(file).c_str(), name.c_str(),
                                value.data(), value.size());
  absl::Status got = SyscallStatus(size, "getxattr", name);
  if (!got.ok()) return got;
  value.resize(static_cast<size_t>(size));
  return value;
}

absl::Status SetExtendedAttribute(FdRef file, const std::string& name,
                                  std::string_view value, int flags) {
  return SyscallStatus(setxattr(ProcPath(file).c_str(), name.c_str(),
                                value.data(), value.size(), flags),
                       "setxattr", name);
}

absl::Status RemoveExtendedAttribute(FdRef file, const std::string& name) {
  return SyscallStatus(removexattr(ProcPath(file).c_str(), name.c_str()),
                       "removexattr", name);
}

}  // namespace sysbox
