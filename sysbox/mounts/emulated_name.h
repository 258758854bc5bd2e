// What a path of the container is called in the filesystem that serves it to
// init. All that init binds lies side by side in the root of that filesystem,
// so that one FUSE request tells of all of it, and a walk to it meets nothing
// that has an owner or an age: "/proc/sys/vm" is "proc:sys:vm". In mountinfo
// that is the root of the bind. Pure.
#ifndef SYSBOX_MOUNTS_EMULATED_NAME_H_
#define SYSBOX_MOUNTS_EMULATED_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace sysbox::mounts {

// Of an absolute path below /proc or /sys.
std::string EmulatedName(std::string_view path);

// The path of what is mounted with `root` (mountinfo's fourth field), which
// may lie below what init has bound: "/proc:sys:vm/swappiness" is
// "/proc/sys/vm/swappiness". nullopt: this is no root of ours.
std::optional<std::string> EmulatedPath(std::string_view root);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_EMULATED_NAME_H_
