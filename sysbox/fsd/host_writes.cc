#include "sysbox/fsd/host_writes.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::fsd {

bool AllowedHostWrites::Allows(std::string_view path) const {
  return std::binary_search(policy_.begin(), policy_.end(), path);
}

absl::Status AllowedHostWrites::Raise(std::string_view path, uint64_t value) {
  if (!Allows(path)) return ErrnoStatus(EPERM, path);
  {
    absl::MutexLock lock(&mu_);
    uint64_t& highest = highest_[std::string(path)];
    value = highest = std::max(highest, value);
  }
  const std::string file = root_ + std::string(path);
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const std::optional<uint64_t> now =
      ParseUint64(ToStd(absl::StripAsciiWhitespace(text)));
  // Also if it is no number of this kind, such as "max": that is not less.
  if (!now || *now >= value) return absl::OkStatus();
  return WriteExisting(file, fmt::format("{}\n", value));
}

absl::Status AllowedHostWrites::Set(std::string_view path,
                                    std::string_view value) {
  if (!Allows(path)) return ErrnoStatus(EPERM, path);
  return WriteExisting(root_ + std::string(path), fmt::format("{}\n", value));
}

}  // namespace sysbox::fsd
