#include "sysbox/runtime/emulated_binds.h"

#include <string>

#include "sysbox/emu/emulated_mounts.h"
#include "sysbox/mounts/mount_plan.h"

namespace sysbox::runtime {
namespace {

using Source = emu::EmulatedMount::Source;

mounts::EmulatedFrom FromOf(Source source) {
  switch (source) {
    case Source::kStatic:
      return mounts::EmulatedFrom::kStatic;
    case Source::kLive:
      return mounts::EmulatedFrom::kLive;
    case Source::kNative:
      return mounts::EmulatedFrom::kNative;
    case Source::kNativeIfOwned:
      return mounts::EmulatedFrom::kNativeIfOwned;
  }
  return mounts::EmulatedFrom::kNative;
}

}  // namespace

std::vector<mounts::EmulatedBind> EmulatedBinds() {
  std::vector<mounts::EmulatedBind> binds;
  for (const emu::EmulatedMount& mount : emu::EmulatedMounts()) {
    binds.push_back({std::string(mount.path), FromOf(mount.source)});
  }
  return binds;
}

}  // namespace sysbox::runtime
