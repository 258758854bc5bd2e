#include "sysbox/base/clean_path.h"

#include <algorithm>

namespace sysbox {

std::string CleanPath(std::string_view path) {
  std::string clean;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      clean.append("/").append(part);
    } else if (!clean.empty()) {
      clean.resize(clean.rfind('/'));
    }
  }
  return clean.empty() ? "/" : clean;
}

}  // namespace sysbox
