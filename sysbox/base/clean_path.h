// A path as text: cleaned, never looked up.
#ifndef SYSBOX_BASE_CLEAN_PATH_H_
#define SYSBOX_BASE_CLEAN_PATH_H_

#include <string>
#include <string_view>

namespace sysbox {

// "/a//b/../c/" → "/a/c". A relative path counts from "/", and ".." ends
// there, as runc has both.
std::string CleanPath(std::string_view path);

}  // namespace sysbox

#endif  // SYSBOX_BASE_CLEAN_PATH_H_
