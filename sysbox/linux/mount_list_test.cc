#include "sysbox/linux/mount_list.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/mount_info.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox {
namespace {

using testing::RunInUserNamespace;

absl::StatusOr<Fd> AttachTmpfs(const std::string& place) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount made,
                          NewFilesystem("tmpfs", "t", {}, 0));
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(made.fd(), "sub", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, Open(place, {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(made, target));
  return Open(place, {.flags = O_PATH});
}

absl::StatusOr<std::vector<ListedMount>> Describe(FdRef base) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd own,
                          OpenOwnNamespace(NamespaceType::kMount));
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t ns, NumberOfMountNamespace(own));
  SYSBOX_ASSIGN_OR_RETURN(const auto ids, ListMountsOn(base, ns));
  return DescribeMounts(ids, ns);
}

// Both ways to hear of a change, of the mounts on `base` and of any.
absl::Status Check(FdRef base, FdRef mountinfo, bool on_base, bool any,
                   std::vector<ListedMount>* known) {
  SYSBOX_ASSIGN_OR_RETURN(const auto now, Describe(base));
  SYSBOX_ASSIGN_OR_RETURN(const bool changed, MountsChanged(mountinfo));
  if ((now != *known) != on_base) return Internal("the list is wrong");
  if (changed != any) return Internal("the change is wrong");
  *known = now;
  return absl::OkStatus();
}

absl::Status ChangeMounts() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd base, AttachTmpfs("/tmp"));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories("/tmp/other", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Fd mountinfo,
                          Open("/proc/self/mountinfo", {.flags = O_RDONLY}));
  SYSBOX_ASSIGN_OR_RETURN(std::vector<ListedMount> known, Describe(base));
  if (known.size() != 1) return Internal("more than itself");
  SYSBOX_ASSIGN_OR_RETURN(const struct stat status, Stat(base));
  if (known[0].device != status.st_dev) return Internal("the device is wrong");
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, false, false, &known));
  SYSBOX_ASSIGN_OR_RETURN(const Fd sub, AttachTmpfs("/tmp/sub"));
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, true, true, &known));
  SYSBOX_RETURN_IF_ERROR(
      SetMountAttributes(sub, {.set = MOUNT_ATTR_RDONLY}, false));
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, true, true, &known));
  SYSBOX_ASSIGN_OR_RETURN(const Fd elsewhere, AttachTmpfs("/mnt"));
  SYSBOX_RETURN_IF_ERROR(Check(base, mountinfo, false, true, &known));
  SYSBOX_RETURN_IF_ERROR(UnmountDetached("/tmp/sub"));
  return Check(base, mountinfo, true, true, &known);
}

TEST_CASE("mounts that come, go and change are noticed, on one and on any") {
  const absl::Status noticed = RunInUserNamespace(CLONE_NEWNS, ChangeMounts);
  if (ErrnoOf(noticed) == ENOSYS) {
    WARN("the kernel has no listmount(2) (Linux 6.11)");
    return;
  }
  CHECK_OK(noticed);
}

// A mount namespace, as somebody in another one looks at it.
struct Watched {
  Fd ns;
  Fd mountinfo;
};
absl::StatusOr<Watched> WatchOwn() {
  Watched watched;
  SYSBOX_ASSIGN_OR_RETURN(watched.ns,
                          Open("/proc/self/ns/mnt", {.flags = O_RDONLY}));
  SYSBOX_ASSIGN_OR_RETURN(watched.mountinfo,
                          Open("/proc/self/mountinfo", {.flags = O_RDONLY}));
  return watched;
}

// `look` from a thread in a mount namespace of its own.
absl::Status FromElsewhere(const std::function<absl::Status()>& look) {
  absl::Status looked;
  std::thread thread([&] {
    looked = Unshare(CLONE_FS | CLONE_NEWNS);
    if (looked.ok()) looked = look();
  });
  thread.join();
  return looked;
}

bool HasAt(const std::vector<MountInfo>& mounts, const std::string& place,
           const std::string& type) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const auto& mount) {
    return mount.mount_point == place && mount.type == type;
  });
}

std::string Line(const MountInfo& mount) {
  return fmt::format("{} {} {} {} {}", mount.id, mount.parent_id, mount.root,
                     mount.mount_point, mount.type);
}

// Nothing is covered: both ways to look see the same.
absl::Status CompareAll(const Watched& watched) {
  SYSBOX_ASSIGN_OR_RETURN(const auto all,
                          AllMounts(watched.ns, watched.mountinfo));
  SYSBOX_ASSIGN_OR_RETURN(const auto reached, ReachedMounts(watched.mountinfo));
  RETURN_UNLESS(!reached.empty());
  std::vector<std::string> lines;
  for (const MountInfo& mount : all) lines.push_back(Line(mount));
  for (const MountInfo& mount : reached) {
    RETURN_UNLESS(std::count(lines.begin(), lines.end(), Line(mount)) == 1);
  }
  return absl::OkStatus();
}

absl::Status CoverRoot() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd below, AttachTmpfs("/tmp"));
  SYSBOX_ASSIGN_OR_RETURN(const Fd sub, AttachTmpfs("/tmp/sub"));
  SYSBOX_RETURN_IF_ERROR(
      SetMountAttributes(sub, {.set = MOUNT_ATTR_RDONLY}, false));
  SYSBOX_ASSIGN_OR_RETURN(Watched watched, WatchOwn());
  SYSBOX_RETURN_IF_ERROR(FromElsewhere([&] { return CompareAll(watched); }));
  SYSBOX_ASSIGN_OR_RETURN(const Fd top, AttachTmpfs("/"));
  return FromElsewhere([&]() -> absl::Status {
    SYSBOX_ASSIGN_OR_RETURN(const auto all,
                            AllMounts(watched.ns, watched.mountinfo));
    RETURN_UNLESS(HasAt(all, "/", "tmpfs"));
    RETURN_UNLESS(HasAt(all, "/tmp", "tmpfs"));
    RETURN_UNLESS(HasAt(all, "/tmp/sub", "tmpfs"));
    for (const MountInfo& mount : all) {
      if (mount.mount_point != "/tmp/sub") continue;
      RETURN_UNLESS(mount.options == "ro" && mount.root == "/");
    }
    return absl::OkStatus();
  });
}

bool IsMissing(const absl::Status& status) {
  const int error = ErrnoOf(status);
  return error == ENOSYS || error == EINVAL;
}

TEST_CASE("mounts on a root that is covered are listed, too") {
  const absl::Status listed = RunInUserNamespace(CLONE_NEWNS, CoverRoot);
  if (IsMissing(listed)) {
    WARN("the kernel lists no other mount namespaces (Linux 6.11)");
    return;
  }
  CHECK_OK(listed);
}

// What is mounted on the attacker's tree, everywhere and always.
constexpr int kOnTree = 50;

bool IsWhole(const std::vector<MountInfo>& mounts, const MountInfo& base) {
  return std::count_if(mounts.begin(), mounts.end(), [&](const auto& mount) {
           return mount.parent_id == base.id &&
                  mount.mount_point.substr(0, base.mount_point.size() + 1) ==
                      base.mount_point + "/";
         }) == kOnTree;
}

// Where a copy of the tree is that seems to have less on it.
std::string FindBare(const std::vector<MountInfo>& mounts) {
  for (const MountInfo& base : mounts) {
    if ((base.mount_point == "/mnt/here" || base.mount_point == "/mnt/moved") &&
        !IsWhole(mounts, base)) {
      return base.mount_point;
    }
  }
  return "";
}

// Mounts `tree`, moves it and takes it away, with all that is on it.
absl::Status ComeAndGo(FdRef tree) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount copy, CloneTree(tree, "", true));
  SYSBOX_ASSIGN_OR_RETURN(const Fd here, Open("/mnt/here", {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(copy, here));
  SYSBOX_ASSIGN_OR_RETURN(const Fd moved,
                          Open("/mnt/moved", {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(copy, moved));
  return UnmountDetached("/mnt/moved");
}

// However many looks succeed, the attacker's tree is whole in each.
absl::Status LookForBare(const Watched& watched) {
  int looks = 0;
  for (int i = 0; i < 1000; ++i) {
    for (const auto& mounts : {AllMounts(watched.ns, watched.mountinfo),
                               ReachedMounts(watched.mountinfo)}) {
      if (ErrnoOf(mounts.status()) == EAGAIN) continue;
      SYSBOX_RETURN_IF_ERROR(mounts.status());
      if (const std::string bare = FindBare(*mounts); !bare.empty()) {
        return Internal("bare: {}", bare);
      }
      ++looks;
    }
  }
  return looks > 0 ? absl::OkStatus() : Internal("nothing was seen");
}

absl::Status Attack() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd tree, AttachTmpfs("/tmp"));
  for (int i = 0; i < kOnTree; ++i) {
    const std::string place = fmt::format("/tmp/{}", i);
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(place, 0755));
    SYSBOX_RETURN_IF_ERROR(AttachTmpfs(place).status());
  }
  SYSBOX_ASSIGN_OR_RETURN(const Fd places, AttachTmpfs("/mnt"));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories("/mnt/here", 0755));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories("/mnt/moved", 0755));
  SYSBOX_ASSIGN_OR_RETURN(const Watched watched, WatchOwn());
  std::atomic<bool> over = false;
  absl::Status looked;
  std::thread watcher([&] {
    looked = FromElsewhere([&] { return LookForBare(watched); });
    over = true;
  });
  absl::Status attacked;
  while (!over && attacked.ok()) attacked = ComeAndGo(tree);
  watcher.join();
  SYSBOX_RETURN_IF_ERROR(attacked);
  return looked;
}

TEST_CASE("a tree that comes, moves and goes is seen whole or not at all") {
  const absl::Status seen = RunInUserNamespace(CLONE_NEWNS, Attack);
  if (IsMissing(seen)) {
    WARN("the kernel lists no other mount namespaces (Linux 6.11)");
    return;
  }
  CHECK_OK(seen);
}

}  // namespace
}  // namespace sysbox
