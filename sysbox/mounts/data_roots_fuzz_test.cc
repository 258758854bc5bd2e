// Any text as an image's configuration file, and as the arguments of its first
// process: what is found is in the text, and a directory that may be made.
#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"
#include "sysbox/mounts/container_files.h"
#include "sysbox/mounts/data_roots.h"

namespace {

// A root file system in which nothing is found: /proc/self/fdinfo holds only
// numbers.
sysbox::FdRef EmptyRoot() {
  static const auto root =
      sysbox::Open("/proc/self/fdinfo", {.flags = O_PATH | O_DIRECTORY});
  if (!root.ok()) abort();
  return *root;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::mounts;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view key : {"root", "data-root", "graphroot"}) {
    const auto value = FindSetting(text, key);
    if (value && value->size() > size) abort();
  }
  std::vector<std::string> arguments = {"dockerd"};
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    arguments.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  for (const DataRoot& root :
       FindDataRoots(ContainerFiles(EmptyRoot()), arguments)) {
    if (root.path.size() < 2 || root.path.front() != '/') abort();
    if ((root.path + "/").find("/../") != root.path.npos) abort();
    if (root.path.find('\0') != root.path.npos) abort();
    if (root.path == "/proc" || root.path.starts_with("/proc/")) abort();
  }
  return 0;
}
