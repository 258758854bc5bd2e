// sysbox.service and the kernel settings that come with it, as text. Pure.
#ifndef SYSBOX_CLI_SERVICE_UNIT_H_
#define SYSBOX_CLI_SERVICE_UNIT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sysbox::cli {

inline constexpr char kServiceUnit[] = "sysbox.service";

// systemd.service(5); `program` is the absolute path of sysbox.
std::string ServiceUnitText(std::string_view program);

// Limits that the kernel also counts for a user namespace's maker: of all
// containers, the host's root.
struct KernelSetting {
  const char* name;  // as sysctl(8) has it
  uint64_t least;
};
inline constexpr KernelSetting kKernelSettings[] = {
    {"fs.inotify.max_user_instances", 65536},
    {"fs.inotify.max_user_watches", 1048576},
    {"kernel.keys.maxbytes", 2000000},
    {"kernel.keys.maxkeys", 20000},
};
std::string KernelSettingsText();  // sysctl.d(5)

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_SERVICE_UNIT_H_
