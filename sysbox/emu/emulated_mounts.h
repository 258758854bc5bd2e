// What the container's init binds over its own /proc and /sys so that the
// emulated files appear there. Pure: derived from the table.
#ifndef SYSBOX_EMU_EMULATED_MOUNTS_H_
#define SYSBOX_EMU_EMULATED_MOUNTS_H_

#include <string_view>
#include <vector>

namespace sysbox::emu {

struct EmulatedMount {
  enum class Source {
    kStatic,         // `path` in the tree of the static superblock
    kLive,           // `path` in the tree of the live one
    kNative,         // `path` in the container's own procfs or sysfs, cloned
                     // before anything is bound over it
    kNativeIfOwned,  // the same, if the file is owned by the container's root
                     // there (st_uid); else nothing is to be done
  };
  Source source = Source::kStatic;
  // In the tree and in the container. Skip it where the container's native
  // file system has no such file or directory.
  std::string_view path;
  bool directory = false;
  // Not for a container that is given devices of the host's.
  bool hides_devices = false;
};

// In the order in which they are to be attached: a directory comes before
// what lies in it.
const std::vector<EmulatedMount>& EmulatedMounts();

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_EMULATED_MOUNTS_H_
