// Paths inside a container as text: compared, never resolved, and the rule
// which of those below /proc may be mounted over. Pure.
#ifndef SYSBOX_MOUNTS_TARGET_PATH_H_
#define SYSBOX_MOUNTS_TARGET_PATH_H_

#include <string>
#include <string_view>

namespace sysbox::mounts {

// Strictly below `directory`; both clean.
bool IsBelow(std::string_view path, std::string_view directory);

// Whether something may be mounted over the clean `path`, which is below
// /proc. Anything else there decides about security (attr, self, sys) and a
// mount over it would deceive whoever relies on it (CVE-2019-16884).
bool MayCoverInProc(std::string_view path);

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_TARGET_PATH_H_
