// A tmpfs at /tmp stands for a procfs.
#include "sysbox/trap/replica_memory.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <unistd.h>

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/user_namespace.h"

namespace sysbox::trap {
namespace {

// Returns what lies there then.
absl::StatusOr<Fd> Cover(const std::string& place, uint64_t attributes) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount made,
                          NewFilesystem("tmpfs", "t", {}, attributes));
  SYSBOX_ASSIGN_OR_RETURN(const Fd target, Open(place, {.flags = O_PATH}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(made, target));
  return Open(place, {.flags = O_PATH});
}

absl::StatusOr<Fd> BindOnItself(const std::string& path) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd place, Open(path, {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount clone,
                          CloneTree(place, "", /*recursive=*/false));
  SYSBOX_RETURN_IF_ERROR(AttachMount(clone, place));
  return Open(path, {.flags = O_PATH});
}

absl::Status LookBetweenChanges() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd base, Cover("/tmp", 0));
  for (const char* name : {"/tmp/mask", "/tmp/bus"}) {
    SYSBOX_RETURN_IF_ERROR(MakeDirectories(name, 0755));
  }
  InitMemory init;
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t start, StartTimeTicks(getpid()));
  SYSBOX_ASSIGN_OR_RETURN(const InitPlacePtr place,
                          init.Place(getpid(), start));
  ReplicaMemory memory;
  const auto plan = [&] { return memory.Plan(place, base, "/tmp", "tmpfs"); };

  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan empty, plan());
  RETURN_UNLESS(empty->empty());
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan again, plan());
  RETURN_UNLESS(again == empty);
  // Elsewhere: where the kernel lists what lies on a mount (Linux 6.11), the
  // rest is not read.
  SYSBOX_RETURN_IF_ERROR(Cover("/mnt", 0).status());
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan elsewhere, plan());
  RETURN_UNLESS(elsewhere->empty());
  RETURN_UNLESS(elsewhere == empty || place->mounts_number == 0);

  SYSBOX_RETURN_IF_ERROR(Cover("/tmp/mask", MOUNT_ATTR_RDONLY).status());
  SYSBOX_ASSIGN_OR_RETURN(const Fd bus, BindOnItself("/tmp/bus"));
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan covered, plan());
  RETURN_UNLESS(covered->size() == 2);
  for (const Replica& replica : *covered) {
    const bool native = replica.path == "bus";
    RETURN_UNLESS(native || replica.path == "mask");
    RETURN_UNLESS(native == (replica.kind == Replica::Kind::kNative));
    RETURN_UNLESS(native != replica.read_only);
  }

  // None comes or goes, but one changes.
  SYSBOX_RETURN_IF_ERROR(SetMountAttributes(bus, {.set = MOUNT_ATTR_RDONLY},
                                            /*recursive=*/false));
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan read_only, plan());
  RETURN_UNLESS(read_only->size() == 2);
  for (const Replica& replica : *read_only) RETURN_UNLESS(replica.read_only);

  SYSBOX_RETURN_IF_ERROR(UnmountDetached("/tmp/mask"));
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan uncovered, plan());
  RETURN_UNLESS(uncovered->size() == 1 && uncovered->front().path == "bus");
  // Whoever still works by an old one keeps it.
  RETURN_UNLESS(covered->size() == 2);
  return absl::OkStatus();
}

TEST_CASE("a plan is remembered as long as it holds") {
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, LookBetweenChanges));
}

// One plan for each type, from one place at a time.
absl::Status LookFromTwoPlaces() {
  SYSBOX_ASSIGN_OR_RETURN(const Fd base, Cover("/tmp", 0));
  SYSBOX_RETURN_IF_ERROR(MakeDirectories("/tmp/mask", 0755));
  InitMemory init;
  SYSBOX_ASSIGN_OR_RETURN(const uint64_t start, StartTimeTicks(getpid()));
  SYSBOX_ASSIGN_OR_RETURN(const InitPlacePtr here, init.Place(getpid(), start));
  ReplicaMemory memory;
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan first,
                          memory.Plan(here, base, "/tmp", "tmpfs"));
  RETURN_UNLESS(first->empty());

  SYSBOX_RETURN_IF_ERROR(Unshare(CLONE_NEWNS));
  SYSBOX_RETURN_IF_ERROR(Cover("/tmp/mask", MOUNT_ATTR_RDONLY).status());
  SYSBOX_ASSIGN_OR_RETURN(const Fd copy, Open("/tmp", {.flags = O_PATH}));
  SYSBOX_ASSIGN_OR_RETURN(const InitPlacePtr there,
                          init.Place(getpid(), start));
  RETURN_UNLESS(there != here);
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan second,
                          memory.Plan(there, copy, "/tmp", "tmpfs"));
  RETURN_UNLESS(second->size() == 1);
  SYSBOX_ASSIGN_OR_RETURN(const ReplicaPlan third,
                          memory.Plan(here, base, "/tmp", "tmpfs"));
  RETURN_UNLESS(third->empty());
  return absl::OkStatus();
}

TEST_CASE("a plan is that of the place it was made for") {
  CHECK_OK(testing::RunInNamespaces(CLONE_NEWNS, LookFromTwoPlaces));
}

}  // namespace
}  // namespace sysbox::trap
