#include "sysbox/linux/mount_list.h"

#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "absl/functional/function_ref.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

// include/uapi/linux/mount.h, which older headers have not.
constexpr long kStatmount = 457;
constexpr long kListmount = 458;
constexpr uint64_t kSuperblockBasic = 0x1;  // STATMOUNT_SB_BASIC
constexpr uint64_t kMountBasic = 0x2;       // STATMOUNT_MNT_BASIC
constexpr uint64_t kMountRoot = 0x8;
constexpr uint64_t kMountPoint = 0x10;
constexpr uint64_t kFilesystemType = 0x20;
constexpr uint64_t kNamespaceRoot = ~uint64_t{0};  // LSMT_ROOT
constexpr unsigned long kGetMountNamespaceId =     // NS_GET_MNTNS_ID
    _IOR(0xb7, 0x5, uint64_t);
struct Request {
  uint32_t size = sizeof(Request);
  uint32_t spare = 0;
  uint64_t mount = 0;
  uint64_t parameter = 0;
  uint64_t mount_namespace = 0;
};
struct Answer {
  uint32_t size;
  uint32_t options;
  uint64_t mask;
  uint32_t device_major;
  uint32_t device_minor;
  uint32_t superblock[3];
  uint32_t type;  // as `root` and `mount_point`: where its text begins
  uint64_t id;
  uint64_t parent;
  uint32_t old_id;
  uint32_t old_parent;
  uint64_t attributes;
  uint64_t propagation[4];
  uint32_t root;
  uint32_t mount_point;
  char rest[400];
};
static_assert(sizeof(Request) == 32 && sizeof(Answer) == 512);

// Room for what the path of a mount point and that of a root may be.
constexpr size_t kTextSize = 3 * 4096;
struct LongAnswer {
  Answer answer;
  std::array<char, kTextSize> text;
};

absl::StatusOr<ListedMount> StatMount(uint64_t id, uint64_t ns) {
  const Request request = {.mount = id,
                           .parameter = kSuperblockBasic | kMountBasic,
                           .mount_namespace = ns};
  Answer answer;
  if (syscall(kStatmount, &request, &answer, sizeof answer, 0) != 0) {
    return ErrnoStatus(errno, "statmount");
  }
  return ListedMount{id, answer.parent,
                     makedev(answer.device_major, answer.device_minor),
                     answer.attributes};
}

// Empty if the kernel did not say, as of a mount point that is not reached.
std::string Text(const LongAnswer& found, uint64_t mask, uint32_t offset) {
  if ((found.answer.mask & mask) == 0 || offset >= kTextSize) return "";
  const auto begin = found.text.begin() + offset;
  return std::string(begin, std::find(begin, found.text.end(), '\0'));
}

absl::StatusOr<MountInfo> StatMountWhole(uint64_t id, uint64_t ns) {
  const Request request = {
      .mount = id,
      .parameter = kMountBasic | kMountRoot | kMountPoint | kFilesystemType,
      .mount_namespace = ns};
  LongAnswer found;
  if (syscall(kStatmount, &request, &found, sizeof found, 0) != 0) {
    return ErrnoStatus(errno, "statmount");
  }
  const Answer& answer = found.answer;
  if ((answer.mask & kMountBasic) == 0) return ErrnoStatus(EIO, "statmount");
  MountInfo info;
  info.id = static_cast<int>(answer.old_id);
  info.parent_id = static_cast<int>(answer.old_parent);
  info.root = Text(found, kMountRoot, answer.root);
  info.mount_point = Text(found, kMountPoint, answer.mount_point);
  info.type = Text(found, kFilesystemType, answer.type);
  info.options = (answer.attributes & MOUNT_ATTR_RDONLY) != 0 ? "ro" : "rw";
  return info;
}

constexpr size_t kPage = 1024;
constexpr size_t kMostMounts = 16 * kPage;

absl::StatusOr<std::vector<uint64_t>> ListIds(uint64_t ns) {
  Request request = {.mount = kNamespaceRoot, .mount_namespace = ns};
  std::vector<uint64_t> ids;
  std::array<uint64_t, kPage> page;
  do {
    const long count =
        syscall(kListmount, &request, page.data(), page.size(), 0);
    if (count < 0) return ErrnoStatus(errno, "listmount");
    ids.insert(ids.end(), page.begin(), page.begin() + count);
    if (count < static_cast<long>(page.size())) return ids;
    request.parameter = ids.back();
  } while (ids.size() < kMostMounts);
  return ErrnoStatus(EOVERFLOW, "listmount");
}

// Who mounts and unmounts without end gets no answer.
constexpr int kAttempts = 5;

absl::StatusOr<std::vector<MountInfo>> AtOneMoment(
    FdRef mountinfo,
    absl::FunctionRef<absl::StatusOr<std::vector<MountInfo>>()> list) {
  SYSBOX_RETURN_IF_ERROR(MountsChanged(mountinfo).status());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    absl::StatusOr<std::vector<MountInfo>> mounts = list();
    SYSBOX_ASSIGN_OR_RETURN(const bool changed, MountsChanged(mountinfo));
    if (!changed) return mounts;
  }
  return ErrnoStatus(EAGAIN, "mounts change");
}

}  // namespace

absl::StatusOr<uint64_t> NumberOfMountNamespace(FdRef mount_namespace) {
  uint64_t number = 0;
  if (ioctl(mount_namespace.get(), kGetMountNamespaceId, &number) == 0) {
    return number;
  }
  return ErrnoStatus(errno == ENOTTY ? ENOSYS : errno, "ioctl NS_GET_MNTNS_ID");
}

absl::StatusOr<std::vector<uint64_t>> ListMountsOn(FdRef file, uint64_t ns) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t base, UniqueMountId(file));
  const Request request = {.mount = base, .mount_namespace = ns};
  std::array<uint64_t, kPage> ids;
  const long count = syscall(kListmount, &request, ids.data(), ids.size(), 0);
  if (count < 0) return ErrnoStatus(errno, "listmount");
  if (count == static_cast<long>(ids.size())) {
    return ErrnoStatus(EOVERFLOW, "listmount");
  }
  std::vector<uint64_t> mounts = {base};
  mounts.insert(mounts.end(), ids.begin(), ids.begin() + count);
  return mounts;
}

absl::StatusOr<std::vector<ListedMount>> DescribeMounts(
    const std::vector<uint64_t>& ids, uint64_t ns) {
  std::vector<ListedMount> mounts;
  mounts.reserve(ids.size());
  for (const uint64_t id : ids) {
    SYSBOX_ASSIGN_OR_RETURN(mounts.emplace_back(), StatMount(id, ns));
  }
  return mounts;
}

absl::StatusOr<std::vector<MountInfo>> ReachedMounts(FdRef mountinfo) {
  return AtOneMoment(
      mountinfo, [&]() -> absl::StatusOr<std::vector<MountInfo>> {
        SYSBOX_RETURN_IF_ERROR(
            SyscallStatus(lseek(mountinfo.get(), 0, SEEK_SET), "lseek"));
        SYSBOX_ASSIGN_OR_RETURN(const std::string text, ReadAll(mountinfo));
        return ParseMountInfo(text);
      });
}

absl::StatusOr<std::vector<MountInfo>> AllMounts(FdRef mount_namespace,
                                                 FdRef mountinfo) {
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t ns,
                          NumberOfMountNamespace(mount_namespace));
  return AtOneMoment(
      mountinfo, [&]() -> absl::StatusOr<std::vector<MountInfo>> {
        SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint64_t> ids, ListIds(ns));
        std::vector<MountInfo> mounts(ids.size());
        for (size_t i = 0; i < ids.size(); ++i) {
          SYSBOX_ASSIGN_OR_RETURN(mounts[i], StatMountWhole(ids[i], ns));
        }
        return mounts;
      });
}

}  // namespace sysbox
