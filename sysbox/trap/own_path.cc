#include "sysbox/trap/own_path.h"

#include <cerrno>
#include <climits>

#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::trap {
namespace {

constexpr std::string_view kDescriptor = "fd/";

struct Prefix {
  std::string_view path;
  bool descriptors_only;
};
constexpr Prefix kPrefixes[] = {
    {"/proc/self/", false},
    {"/proc/thread-self/", false},
    {"/dev/", true},  // whose fd is a link
};

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// `path` without the prefix.
OwnPath SplitAfter(std::string_view path, bool descriptors_only) {
  const bool descriptor = StartsWith(path, kDescriptor);
  const size_t end = path.find('/', descriptor ? kDescriptor.size() : 0);
  OwnPath own = {path.substr(0, end), {}};
  if (!descriptor &&
      (descriptors_only || (own.link != "cwd" && own.link != "root"))) {
    return {};
  }
  if (end != std::string_view::npos) own.rest = path.substr(end);
  while (StartsWith(own.rest, "/")) own.rest.remove_prefix(1);
  return own;
}

}  // namespace

OwnPath SplitOwnPath(std::string_view path) {
  for (const Prefix& prefix : kPrefixes) {
    if (!StartsWith(path, prefix.path)) continue;
    path.remove_prefix(prefix.path.size());
    return SplitAfter(path, prefix.descriptors_only);
  }
  return {};
}

absl::StatusOr<Fd> OpenOwn(const Caller& caller, std::string_view link) {
  if (link == "cwd") return caller.WorkingDirectory();
  if (link == "root") return caller.Root();
  const auto number = ParseUint64(link.substr(kDescriptor.size()));
  if (!number || *number > INT_MAX) return ErrnoStatus(ENOENT, link);
  absl::StatusOr<Fd> file = caller.File(static_cast<int>(*number));
  if (ErrnoOf(file.status()) == EBADF) return ErrnoStatus(ENOENT, link);
  return file;
}

}  // namespace sysbox::trap
