#include "sysbox/linux/mount_info.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox {
namespace {

// The calling thread's, which may have its own mount namespace.
constexpr char kOwnMountInfo[] = "/proc/thread-self/mountinfo";
// A line holds two paths and an overlay's layers: a page or two. More than
// this is not mountinfo.
constexpr size_t kMaxLine = size_t{1} << 20;

// Splits off what is before the next space. False at the end of the line.
bool NextField(std::string_view* line, std::string_view* field) {
  if (line->data() == nullptr) return false;
  const size_t space = line->find(' ');
  *field = line->substr(0, space);
  *line = space == std::string_view::npos ? std::string_view()
                                          : line->substr(space + 1);
  return true;
}

bool ParseMountId(std::string_view field, int* id) {
  const auto number = ParseUint64(field);
  if (!number || *number > INT_MAX) return false;
  *id = static_cast<int>(*number);
  return true;
}

// "- type source super_options"; the source may be empty, and the options are
// all the rest: not every filesystem escapes its spaces.
bool ParseFilesystemPart(std::string_view line, MountInfo* info) {
  std::string_view type, source;
  if (!NextField(&line, &type) || !NextField(&line, &source)) return false;
  if (line.data() == nullptr) return false;
  info->type = UnescapeMountField(type);
  info->source = UnescapeMountField(source);
  info->super_options = std::string(line);
  return true;
}

bool ParseLine(std::string_view line, MountInfo* info) {
  std::string_view id, parent, device, root, mount_point, options;
  if (!NextField(&line, &id) || !NextField(&line, &parent) ||
      !NextField(&line, &device) || !NextField(&line, &root) ||
      !NextField(&line, &mount_point) || !NextField(&line, &options)) {
    return false;
  }
  if (!ParseMountId(id, &info->id) || !ParseMountId(parent, &info->parent_id)) {
    return false;
  }
  info->device = std::string(device);
  info->root = UnescapeMountField(root);
  info->mount_point = UnescapeMountField(mount_point);
  info->options = std::string(options);
  std::string_view field;
  while (NextField(&line, &field)) {
    if (field == "-") return ParseFilesystemPart(line, info);
    info->optional_fields.emplace_back(field);
  }
  return false;
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

absl::StatusOr<struct statx> StatMount(FdRef file, unsigned mask) {
  struct statx result;
  if (statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, mask,
            &result) != 0) {
    const int error = errno;
    return ErrnoStatus(error, fmt::format("statx descriptor {}", file.get()));
  }
  return result;
}

// Reads a file line by line with little more memory than the longest line.
class LineReader {
 public:
  explicit LineReader(FdRef fd) : fd_(fd) {}
  // The next line without its end; false at the end of the file. `line` is
  // valid until the next call.
  absl::StatusOr<bool> Next(std::string_view* line);

 private:
  absl::StatusOr<bool> Fill();

  FdRef fd_;
  std::string buffer_;
  size_t start_ = 0;
};

absl::StatusOr<bool> LineReader::Fill() {
  constexpr size_t kChunk = 16 << 10;
  buffer_.erase(0, start_);
  start_ = 0;
  const size_t size = buffer_.size();
  if (size > kMaxLine) return InvalidArgument("line over {} bytes", kMaxLine);
  buffer_.resize(size + kChunk);
  const ssize_t count =
      TEMP_FAILURE_RETRY(read(fd_.get(), buffer_.data() + size, kChunk));
  const int error = errno;
  buffer_.resize(size + (count > 0 ? static_cast<size_t>(count) : 0));
  if (count < 0) return ErrnoStatus(error, "read");
  return count > 0;
}

absl::StatusOr<bool> LineReader::Next(std::string_view* line) {
  size_t searched = start_;
  for (;;) {
    const size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      *line = std::string_view(buffer_).substr(start_, end - start_);
      start_ = end + 1;
      return true;
    }
    searched = buffer_.size() - start_;
    SYSBOX_ASSIGN_OR_RETURN(const bool more, Fill());
    if (!more) return false;
  }
}

absl::StatusOr<MountInfo> FindMount(FdRef file, const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t id, MountIdOf(file));
  SYSBOX_ASSIGN_OR_RETURN(Fd fd, Open(path, {.flags = O_RDONLY}));
  const std::string prefix = fmt::format("{} ", id);
  LineReader lines(fd);
  std::string_view line;
  for (;;) {
    SYSBOX_ASSIGN_OR_RETURN(const bool more, lines.Next(&line), "{}", path);
    if (!more) break;
    if (line.substr(0, prefix.size()) != prefix) continue;
    MountInfo info;
    if (ParseLine(line, &info)) return info;
    return InvalidArgument("mountinfo: unexpected line \"{}\"", line);
  }
  return NotFound("mount {}: not in this mount namespace", id);
}

}  // namespace

std::string UnescapeMountField(std::string_view field) {
  std::string text;
  text.reserve(field.size());
  for (size_t i = 0; i < field.size(); ++i) {
    // Up to \377; the kernel writes three digits, always.
    if (field[i] == '\\' && field.size() - i > 3 && field[i + 1] <= '3' &&
        IsOctal(field[i + 1]) && IsOctal(field[i + 2]) &&
        IsOctal(field[i + 3])) {
      text +=
          static_cast<char>((field[i + 1] - '0') << 6 |
                            (field[i + 2] - '0') << 3 | (field[i + 3] - '0'));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

absl::StatusOr<std::vector<MountInfo>> ParseMountInfo(std::string_view text) {
  std::vector<MountInfo> mounts;
  for (absl::string_view line :
       absl::StrSplit(ToAbsl(text), '\n', absl::SkipEmpty())) {
    if (!ParseLine(ToStd(line), &mounts.emplace_back())) {
      return InvalidArgument("mountinfo: unexpected line \"{}\"", ToStd(line));
    }
  }
  return mounts;
}

absl::StatusOr<std::vector<MountInfo>> ReadOwnMountInfo() {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadFile(kOwnMountInfo));
  return ParseMountInfo(text);
}

absl::StatusOr<bool> MountsChanged(FdRef mountinfo) {
  pollfd entry = {.fd = mountinfo.get(), .events = POLLPRI, .revents = 0};
  if (TEMP_FAILURE_RETRY(poll(&entry, 1, 0)) < 0) {
    return ErrnoStatus(errno, "poll mountinfo");
  }
  if ((entry.revents & POLLNVAL) != 0) return ErrnoStatus(EBADF, "poll");
  return entry.revents != 0;
}

absl::StatusOr<uint64_t> MountIdOf(FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(const struct statx found,
                          StatMount(file, STATX_MNT_ID));
  if ((found.stx_mask & STATX_MNT_ID) != 0) return found.stx_mnt_id;
  return ErrnoStatus(ENOSYS, "statx mount id");
}

absl::StatusOr<MountInfo> MountOf(FdRef file) {
  return FindMount(file, kOwnMountInfo);
}

absl::StatusOr<MountInfo> MountOf(FdRef file, pid_t process) {
  return FindMount(file, fmt::format("/proc/{}/mountinfo", process));
}

absl::StatusOr<uint64_t> UniqueMountId(FdRef file) {
  constexpr unsigned kMountIdUnique = 0x4000;  // Debian 12's headers are 6.1's
  SYSBOX_ASSIGN_OR_RETURN(const struct statx found,
                          StatMount(file, kMountIdUnique));
  if ((found.stx_mask & kMountIdUnique) != 0) return found.stx_mnt_id;
  return ErrnoStatus(ENOSYS, "statx unique mount id");
}

absl::StatusOr<bool> IsMountRoot(FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(const struct statx found, StatMount(file, 0));
  if ((found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0) {
    return (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  }
  return ErrnoStatus(ENOSYS, "statx mount root");
}

}  // namespace sysbox
