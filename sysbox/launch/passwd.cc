#include "sysbox/launch/passwd.h"

#include <fcntl.h>

#include <vector>

#include "absl/strings/str_split.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/rooted_path.h"

namespace sysbox::launch {
namespace {

constexpr size_t kMaxPasswd = size_t{1} << 20;
constexpr size_t kUidField = 2;
constexpr size_t kHomeField = 5;
constexpr size_t kFields = 7;

}  // namespace

std::optional<std::string> HomeOf(uid_t uid, std::string_view passwd) {
  for (absl::string_view line : absl::StrSplit(ToAbsl(passwd), '\n')) {
    std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
    if (fields.size() != kFields || fields[kHomeField].empty()) continue;
    if (ParseUint64(ToStd(fields[kUidField])) == uint64_t{uid}) {
      return std::string(fields[kHomeField]);
    }
  }
  return std::nullopt;
}

std::string HomeInRoot(uid_t uid, FdRef root) {
  // O_NONBLOCK: the container may have put a FIFO there.
  absl::StatusOr<Fd> file =
      OpenInRoot(root, "/etc/passwd", {.flags = O_RDONLY | O_NONBLOCK});
  if (!file.ok()) return "/";
  absl::StatusOr<std::string> text = ReadAll(*file, kMaxPasswd);
  if (!text.ok()) return "/";
  return HomeOf(uid, *text).value_or("/");
}

}  // namespace sysbox::launch
