#include "sysbox/linux/mount_list.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sysbox/base/status.h"
#include "sysbox/linux/mount_info.h"

namespace sysbox {
namespace {

// include/uapi/linux/mount.h, which older headers have not.
constexpr long kStatmount = 457;
constexpr long kListmount = 458;
constexpr uint64_t kMountBasic = 0x2;  // STATMOUNT_MNT_BASIC
struct Request {
  uint32_t size = sizeof(Request);
  uint32_t spare = 0;
  uint64_t mount = 0;
  uint64_t parameter = 0;
};
struct Answer {
  uint32_t size;
  uint32_t options;
  uint64_t mask;
  uint32_t superblock[6];
  uint64_t id;
  uint64_t parent;
  uint32_t old_ids[2];
  uint64_t attributes;
  char rest[440];
};
static_assert(sizeof(Request) == 24 && sizeof(Answer) == 512);

absl::StatusOr<ListedMount> StatMount(uint64_t id) {
  const Request request = {.mount = id, .parameter = kMountBasic};
  Answer answer;
  if (syscall(kStatmount, &request, &answer, sizeof answer, 0) != 0) {
    return ErrnoStatus(errno, "statmount");
  }
  return ListedMount{id, answer.parent, answer.attributes};
}

}  // namespace

absl::StatusOr<std::vector<ListedMount>> ListMountsOn(FdRef file) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t base, UniqueMountId(file));
  const Request request = {.mount = base};
  std::array<uint64_t, 1024> ids;
  const long count = syscall(kListmount, &request, ids.data(), ids.size(), 0);
  if (count < 0) return ErrnoStatus(errno, "listmount");
  if (count == static_cast<long>(ids.size())) {
    return ErrnoStatus(EOVERFLOW, "listmount");
  }
  std::vector<ListedMount> mounts;
  mounts.reserve(static_cast<size_t>(count) + 1);
  SYSBOX_ASSIGN_OR_RETURN(mounts.emplace_back(), StatMount(base));
  for (long i = 0; i < count; ++i) {
    SYSBOX_ASSIGN_OR_RETURN(mounts.emplace_back(),
                            StatMount(ids[static_cast<size_t>(i)]));
  }
  return mounts;
}

}  // namespace sysbox
