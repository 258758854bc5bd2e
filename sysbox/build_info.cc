#include "sysbox/build_info.h"

namespace sysbox {

// //sysbox:git_commit, linked into the shipped binary, has the strong one.
__attribute__((weak)) const char* GitCommit() { return "unknown"; }

}  // namespace sysbox
