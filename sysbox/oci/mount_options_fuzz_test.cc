// Any words as mount options: an attribute is set or cleared, never both but
// for the access time, which is both or not set; data is taken apart.
#include <linux/mount.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/oci/default_spec.h"
#include "sysbox/oci/mount_options.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::oci;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseIdMapArgument(text);
  (void)PropagationFlag(text);
  std::vector<std::string> words;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  const MountOptions options = ParseMountOptions(words);
  const uint64_t both = options.attributes_set & options.attributes_clear;
  if ((both & ~uint64_t{MOUNT_ATTR__ATIME}) != 0) abort();
  if ((options.superblock_set & options.superblock_clear) != 0) abort();
  // Quotes and backslashes protect commas.
  if (text.find_first_of("\"\\") != text.npos) return 0;
  for (const std::string& option : options.data) {
    if (option.find(',') != option.npos) abort();
  }
  return 0;
}
