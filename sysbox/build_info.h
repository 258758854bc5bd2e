// What `--version` prints. The commit is filled in when a stamped binary is
// linked, so that a new commit does not rebuild or rerun anything else; in
// tests, and in a tree without .git, it is "unknown".

#ifndef SYSBOX_BUILD_INFO_H_
#define SYSBOX_BUILD_INFO_H_

namespace sysbox {

inline constexpr char kVersion[] = "0.1.0";
extern const char kGitCommit[];

}  // namespace sysbox

#endif  // SYSBOX_BUILD_INFO_H_
