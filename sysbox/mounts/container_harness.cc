#include "sysbox/mounts/container_harness.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/mount.h"
#include "sysbox/linux/process.h"
#include "sysbox/linux/socket.h"
#include "sysbox/mounts/apply.h"
#include "sysbox/mounts/locked_mounts.h"

namespace sysbox::mounts {
namespace {

const DetachedMount kNoStage;

constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

// One end of a conversation of single bytes.
class Turns {
 public:
  explicit Turns(Fd socket) : socket_(std::move(socket)) {}
  absl::Status Give() { return SendMessage(socket_, "!", {}); }
  absl::Status Await() {
    SYSBOX_ASSIGN_OR_RETURN(const ReceivedMessage turn,
                            ReceiveMessage(socket_, 1, 0));
    return turn.end_of_file ? Internal("the other side gave up")
                            : absl::OkStatus();
  }

 private:
  Fd socket_;
};

// As the launcher does, in a process that stays on the host's side.
absl::Status PutWhenAsked(const MountPlan& plan, LockingStage& stage,
                          const std::vector<DetachedMount>& locked,
                          Turns init) {
  SYSBOX_RETURN_IF_ERROR(init.Await());
  SYSBOX_RETURN_IF_ERROR(PutLocked(stage, locked));
  SYSBOX_RETURN_IF_ERROR(init.Give());
  if (!HasStaying(plan)) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(init.Await());
  SYSBOX_RETURN_IF_ERROR(KeepLocked(plan, stage, locked));
  return init.Give();
}

absl::Status BuildRoot(const MountPlan& plan, const DetachedMount& inner,
                       Turns launcher, std::vector<DetachedMount>& prepared) {
  SYSBOX_RETURN_IF_ERROR(EnterMountNamespace(inner));
  if (inner.valid()) {
    SYSBOX_RETURN_IF_ERROR(launcher.Give());
    SYSBOX_RETURN_IF_ERROR(launcher.Await());
    SYSBOX_RETURN_IF_ERROR(CollectLocked(plan, inner.fd(), prepared));
  }
  SYSBOX_ASSIGN_OR_RETURN(Fd root, AttachRootfs(plan, prepared[0], "/"));
  SYSBOX_RETURN_IF_ERROR(AttachMounts(plan, root, prepared));
  SYSBOX_RETURN_IF_ERROR(ReplaceRoot(plan, inner.fd(), root));
  SYSBOX_RETURN_IF_ERROR(EnterRootfs(plan, root));
  SYSBOX_RETURN_IF_ERROR(AttachLastMounts(plan, root, prepared));
  prepared.clear();
  if (!HasStaying(plan)) return absl::OkStatus();
  SYSBOX_RETURN_IF_ERROR(launcher.Give());
  return launcher.Await();
}

MountOp Filesystem(const char* target, const char* type,
                   std::vector<FilesystemOption> options = {}) {
  MountOp op;
  op.kind = MountOp::Kind::kFilesystem;
  op.target = target;
  op.type = op.source = type;
  op.options = std::move(options);
  op.attributes.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  return op;
}

MountOp Dev() {
  MountOp op = Filesystem("/dev", "tmpfs", {{"mode", "755"}, {"size", "64k"}});
  op.kind = MountOp::Kind::kDev;
  op.attributes.set = MOUNT_ATTR_NOSUID;
  DeviceNode null;
  null.path = "null";
  null.mode = S_IFCHR | 0666;
  null.major = 1;
  null.minor = 3;
  DeviceNode zero = null;
  zero.path = "deep/er/zero";
  zero.mode = S_IFCHR | 0640;
  zero.minor = 5;
  zero.gid = 20;
  op.devices = {null, zero};
  op.links = {{"ptmx", "pts/ptmx"}};
  return op;
}

}  // namespace

MountPlan PlainPlan(const std::string& rootfs) {
  MountPlan plan;
  plan.maps = HarnessMaps();
  plan.rootfs.kind = RootfsPlan::Kind::kIdMappedBind;
  plan.rootfs.path = rootfs;
  return plan;
}

MountOp Bind(const std::string& source, const std::string& target) {
  MountOp op;
  op.kind = MountOp::Kind::kBind;
  op.source = source;
  op.target = target;
  op.id_map = true;
  op.recursive = true;
  op.propagation = {uint64_t{MS_PRIVATE} | MS_REC};
  return op;
}

MountOp Hidden(MountOp::Kind kind, const std::string& target) {
  MountOp op;
  op.kind = kind;
  op.target = target;
  op.optional = op.over_proc = op.last = true;
  return op;
}

absl::Status RunInContainer(const MountPlan& plan,
                            absl::FunctionRef<absl::Status()> inside,
                            HarnessOptions options) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd owner, testing::MakeUserNamespace());
  std::vector<DetachedMount> discarded;
  SYSBOX_ASSIGN_OR_RETURN(std::vector<DetachedMount> prepared,
                          PrepareMounts(plan, owner, &discarded));
  SYSBOX_ASSIGN_OR_RETURN(LockingStage stage,
                          LockingStage::MakeBy(options.lock_by));
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<DetachedMount> locked,
                          TakeLocked(plan, stage, prepared));
  for (DetachedMount& mount : options.emulated) {
    prepared.push_back(std::move(mount));
  }
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  Turns init(std::move(sockets.first)), launcher(std::move(sockets.second));
  SYSBOX_ASSIGN_OR_RETURN(
      std::optional<OwnedChild> helper,
      Clone({.flags = 0, .into_cgroup = std::nullopt, .exit_signal = SIGCHLD}));
  if (!helper.has_value()) {
    _exit(PutWhenAsked(plan, stage, locked, std::move(init)).ok() ? 0 : 1);
  }
  { const Turns dropped = std::move(init); }  // or nobody would notice its end
  const DetachedMount& inner = HasLocked(plan) ? stage.inner() : kNoStage;
  return testing::RunInUserNamespace(kNamespaces, [&] {
    SYSBOX_RETURN_IF_ERROR(
        BuildRoot(plan, inner, std::move(launcher), prepared));
    return inside();
  });
}

void AddBaseOps(MountPlan& plan) {
  MountOp cgroup = Filesystem("/sys/fs/cgroup", "cgroup");
  cgroup.kind = MountOp::Kind::kCgroupTree;
  plan.ops.push_back(Filesystem("/sys", "sysfs"));
  plan.ops.push_back(cgroup);
  plan.ops.push_back(Filesystem("/proc", "proc"));
  plan.ops.push_back(Dev());
  plan.ops.push_back(Filesystem("/dev/pts", "devpts",
                                {{"newinstance", ""},
                                 {"ptmxmode", "0666"},
                                 {"mode", "0620"},
                                 {"gid", "5"}}));
}

}  // namespace sysbox::mounts
