#include "sysbox/trap/families.h"

#include <iterator>

#include "sysbox/trap/affinity_call.h"
#include "sysbox/trap/allowed_mount_call.h"
#include "sysbox/trap/chown_call.h"
#include "sysbox/trap/follow_read_only.h"
#include "sysbox/trap/kernel_log.h"
#include "sysbox/trap/load_module.h"
#include "sysbox/trap/make_node.h"
#include "sysbox/trap/mount_call.h"
#include "sysbox/trap/swap_off.h"
#include "sysbox/trap/sysinfo_call.h"
#include "sysbox/trap/unmount_call.h"
#include "sysbox/trap/xattr_call.h"

namespace sysbox::trap {
namespace {

struct Row {
  Family family;
  Handler handler;
};
constexpr Row kHandlers[] = {
    {Family::kAffinity, Affinity},
    {Family::kChown, Chown},
    {Family::kFsOpen, FsOpen},
    {Family::kLoadModule, LoadModule},
    {Family::kMakeNode, MakeNode},
    {Family::kMount, Mount},
    {Family::kMountSetattr, MountSetattr},
    {Family::kMoveMount, MoveMount},
    {Family::kSwapOff, SwapOff},
    {Family::kSysinfo, Sysinfo},
    {Family::kSyslog, Syslog},
    {Family::kUnmount, Unmount},
    {Family::kXattr, Xattr},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kHandlers); ++i) {
    if (kHandlers[i].family != static_cast<Family>(i)) return false;
  }
  return kHandlers[std::size(kHandlers) - 1].family == kLastFamily;
}
static_assert(InOrder());

}  // namespace

Handler HandlerOf(Family family) {
  return kHandlers[static_cast<size_t>(family)].handler;
}

}  // namespace sysbox::trap
