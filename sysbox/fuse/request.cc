#include "sysbox/fuse/request.h"

#include <linux/fuse.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>

#include "sysbox/base/status.h"

namespace sysbox::fuse {
namespace {

// What follows the fixed part of an operation.
enum class Tail { kNothing, kName, kData };

struct OperationRow {
  uint32_t opcode;
  RequestAction action;
  size_t fixed_size = 0;       // if decoded
  Tail tail = Tail::kNothing;  // if decoded
  int error_number = 0;        // if refused
  int sysfs_error_number = 0;  // if refused, in a directory like sysfs's
  bool asks_tree = false;
};

constexpr OperationRow Decode(uint32_t opcode, size_t fixed_size) {
  return {opcode, RequestAction::kDecode, fixed_size};
}
constexpr OperationRow AskTree(uint32_t opcode, size_t fixed_size,
                               Tail tail = Tail::kNothing) {
  return {opcode, RequestAction::kDecode, fixed_size, tail, 0, 0, true};
}
constexpr OperationRow Refuse(uint32_t opcode, int procfs, int sysfs) {
  return {opcode, RequestAction::kRefuse, 0, Tail::kNothing, procfs, sysfs};
}
constexpr OperationRow Refuse(uint32_t opcode, int error_number) {
  return Refuse(opcode, error_number, error_number);
}
constexpr OperationRow Ignore(uint32_t opcode) {
  return {opcode, RequestAction::kIgnore};
}

// By opcode. The errors are procfs's for what it has no operation for; where
// it lets the kernel's generic code answer, so does ENOSYS, once and for all.
// What would change names fails in procfs while it looks for them, and lets
// nobody write to a directory; sysfs has no operations for it.
constexpr OperationRow kOperations[] = {
    AskTree(FUSE_LOOKUP, 0, Tail::kName),
    Ignore(FUSE_FORGET),  // nodes live as long as their tree
    AskTree(FUSE_GETATTR, sizeof(fuse_getattr_in)),
    AskTree(FUSE_SETATTR, sizeof(fuse_setattr_in)),
    AskTree(FUSE_READLINK, 0),
    Refuse(FUSE_SYMLINK, ENOENT, EPERM),
    Refuse(FUSE_MKNOD, ENOENT, EPERM),
    Refuse(FUSE_MKDIR, ENOENT, EPERM),
    Refuse(FUSE_UNLINK, EACCES, EPERM),
    Refuse(FUSE_RMDIR, EACCES, EPERM),
    Refuse(FUSE_RENAME, ENOENT, EPERM),
    Refuse(FUSE_LINK, ENOENT, EPERM),
    Decode(FUSE_OPEN, sizeof(fuse_open_in)),
    AskTree(FUSE_READ, sizeof(fuse_read_in)),
    AskTree(FUSE_WRITE, sizeof(fuse_write_in), Tail::kData),
    Decode(FUSE_STATFS, 0),
    Decode(FUSE_RELEASE, sizeof(fuse_release_in)),
    Refuse(FUSE_FSYNC, EINVAL),
    Refuse(FUSE_SETXATTR, ENOSYS),
    Refuse(FUSE_GETXATTR, ENOSYS),
    Decode(FUSE_LISTXATTR, sizeof(fuse_getxattr_in)),
    Refuse(FUSE_REMOVEXATTR, ENOSYS),
    Refuse(FUSE_FLUSH, ENOSYS),
    // Before 7.36 without flags2 and what follows.
    {FUSE_INIT, RequestAction::kHandshake, offsetof(fuse_init_in, flags2)},
    Refuse(FUSE_OPENDIR, ENOSYS),  // lists are cached and need no handle
    AskTree(FUSE_READDIR, sizeof(fuse_read_in)),
    Refuse(FUSE_RELEASEDIR, 0),
    Refuse(FUSE_FSYNCDIR, EINVAL),
    Refuse(FUSE_GETLK, ENOSYS),
    Refuse(FUSE_SETLK, ENOSYS),
    Refuse(FUSE_SETLKW, ENOSYS),
    Refuse(FUSE_ACCESS, ENOSYS),  // default_permissions
    Refuse(FUSE_CREATE, ENOENT, EACCES),
    // No more of these then: nothing here waits for so long.
    Refuse(FUSE_INTERRUPT, ENOSYS),
    Refuse(FUSE_BMAP, ENOSYS),
    Refuse(FUSE_DESTROY, 0),
    Refuse(FUSE_IOCTL, ENOTTY),
    {FUSE_POLL, RequestAction::kPoll, sizeof(fuse_poll_in)},
    Ignore(FUSE_NOTIFY_REPLY),
    Ignore(FUSE_BATCH_FORGET),
    Refuse(FUSE_FALLOCATE, ENOSYS),
    AskTree(FUSE_READDIRPLUS, sizeof(fuse_read_in)),
    Refuse(FUSE_RENAME2, ENOENT, EPERM),
    Refuse(FUSE_LSEEK, ENOSYS),
};

constexpr bool Sorted() {
  for (size_t i = 1; i < std::size(kOperations); ++i) {
    if (kOperations[i - 1].opcode >= kOperations[i].opcode) return false;
  }
  return true;
}
static_assert(Sorted());

// Others, of kernels to come too, are optional: the kernel goes without.
OperationRow RowOf(uint32_t opcode) {
  const OperationRow* row = std::lower_bound(
      std::begin(kOperations), std::end(kOperations), opcode,
      [](const OperationRow& a, uint32_t b) { return a.opcode < b; });
  if (row != std::end(kOperations) && row->opcode == opcode) return *row;
  return Refuse(opcode, ENOSYS);
}

// `payload` begins with the row's fixed part.
bool TailFits(const OperationRow& row, std::string_view payload) {
  switch (row.tail) {
    case Tail::kNothing:
      return true;
    case Tail::kName:
      return payload.find('\0') != std::string_view::npos;
    case Tail::kData:
      break;
  }
  fuse_write_in write;
  memcpy(&write, payload.data(), sizeof write);
  return write.size <= payload.size() - sizeof write;
}

}  // namespace

absl::StatusOr<Request> CheckRequest(std::string_view bytes) {
  fuse_in_header header;
  if (bytes.size() < sizeof header) {
    return InvalidArgument("fuse request of {} bytes", bytes.size());
  }
  memcpy(&header, bytes.data(), sizeof header);
  if (header.len != bytes.size()) {
    return InvalidArgument("fuse request of {} bytes says it has {}",
                           bytes.size(), header.len);
  }
  const OperationRow row = RowOf(header.opcode);
  const std::string_view payload = bytes.substr(sizeof header);
  if (payload.size() < row.fixed_size || !TailFits(row, payload)) {
    return InvalidArgument("fuse request {}: cut off", header.opcode);
  }
  return Request{.unique = header.unique,
                 .node = header.nodeid,
                 .action = row.action,
                 .error_number = row.error_number,
                 .sysfs_error_number = row.sysfs_error_number,
                 .asks_tree = row.asks_tree};
}

}  // namespace sysbox::fuse
