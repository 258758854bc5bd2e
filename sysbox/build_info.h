// What `--version` prints. The commit is real only in the shipped binary, so
// that a new commit relinks that one and neither rebuilds nor reruns anything
// else; in tests, and in a tree without .git, it is "unknown".

#ifndef SYSBOX_BUILD_INFO_H_
#define SYSBOX_BUILD_INFO_H_

namespace sysbox {

inline constexpr char kVersion[] = "0.1.0";

// Twelve hex digits, or "unknown".
const char* GitCommit();

}  // namespace sysbox

#endif  // SYSBOX_BUILD_INFO_H_
