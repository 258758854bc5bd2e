#include "sysbox/mounts/build.h"

#include <sys/mount.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/mounts/bind_plan.h"
#include "sysbox/mounts/dev_plan.h"
#include "sysbox/mounts/own_mounts.h"
#include "sysbox/mounts/rootfs_plan.h"
#include "sysbox/mounts/target_path.h"
#include "sysbox/oci/mount_options.h"

namespace sysbox::mounts {
namespace {

std::vector<FilesystemOption> FilesystemOptions(
    const oci::MountOptions& options) {
  std::vector<FilesystemOption> result;
  for (const std::string& flag : options.superblock_flags) {
    result.push_back({flag, ""});
  }
  for (const std::string& item : options.data) {
    const size_t equals = std::min(item.find('='), item.size());
    result.push_back({item.substr(0, equals),
                      item.substr(std::min(equals + 1, item.size()))});
  }
  return result;
}

// Builds the ops of spec.mounts one after the other.
class Builder {
 public:
  Builder(const oci::Spec& spec, const BuildInputs& inputs)
      : spec_(spec), inputs_(inputs) {}

  void Add(std::vector<MountOp> ops);
  absl::Status AddMount(size_t index);
  absl::Status AddDevicesOutsideDev();
  absl::Status AddHiddenPaths();
  // What stays is covered by more of itself, and so would be what is on it.
  absl::Status CheckNothingOnStaying() const;
  std::vector<MountOp> TakeOps() { return std::move(ops_); }

 private:
  absl::Status CheckTarget(const oci::Mount& mount, MountOp& op) const;
  absl::Status AddBind(size_t index, const oci::MountOptions& options,
                       MountOp op);
  absl::Status AddFilesystem(const oci::Mount& mount,
                             const oci::MountOptions& options, MountOp op);
  bool AddAsDeviceNode(const MountOp& op);
  void AddEmulated(const MountOp& filesystem);
  absl::Status AddPaths(const std::vector<std::string>& paths,
                        std::string_view field, MountOp::Kind kind);
  MountOp* Dev();

  const oci::Spec& spec_;
  const BuildInputs& inputs_;
  std::vector<MountOp> ops_;
};

void Builder::Add(std::vector<MountOp> ops) {
  std::move(ops.begin(), ops.end(), std::back_inserter(ops_));
}

MountOp* Builder::Dev() {
  for (MountOp& op : ops_) {
    if (op.kind == MountOp::Kind::kDev) return &op;
  }
  return nullptr;
}

absl::Status Builder::CheckTarget(const oci::Mount& mount, MountOp& op) const {
  if (mount.destination.empty()) {
    return InvalidArgument("{}.destination: is empty", op.field);
  }
  if (op.target == "/") {
    return InvalidArgument("{}.destination: \"/\" is the rootfs itself",
                           op.field);
  }
  op.over_proc = IsBelow(op.target, "/proc");
  if (op.over_proc && !MayCoverInProc(op.target)) {
    return InvalidArgument(
        "{}.destination: \"{}\" is inside /proc, where only a few files may "
        "be mounted over",
        op.field, op.target);
  }
  if (op.target == "/proc" && mount.type != "proc") {
    return InvalidArgument(
        "{}.destination: only a proc file system can be mounted on /proc",
        op.field);
  }
  return absl::OkStatus();
}

// /dev/null on a name in our own /dev needs no mount.
bool Builder::AddAsDeviceNode(const MountOp& op) {
  MountOp* dev = Dev();
  if (dev == nullptr || op.source != "/dev/null") return false;
  if (!IsBelow(op.target, "/dev")) return false;
  const std::string name = op.target.substr(sizeof("/dev/") - 1);
  if (name.find('/') != std::string::npos) return false;
  std::erase_if(dev->devices,
                [&](const DeviceNode& node) { return node.path == name; });
  dev->devices.push_back(NullNode(name));
  return true;
}

absl::Status Builder::AddBind(size_t index, const oci::MountOptions& options,
                              MountOp op) {
  if (index >= inputs_.sources.size() || !inputs_.sources[index].has_value()) {
    return Internal("{}: source was not looked at", op.field);
  }
  SYSBOX_RETURN_IF_ERROR(FillBind(spec_.mounts[index], options,
                                  *inputs_.sources[index], inputs_.options,
                                  op));
  if (op.attributes.set == 0 && AddAsDeviceNode(op)) return absl::OkStatus();
  ops_.push_back(std::move(op));
  return absl::OkStatus();
}

// Right behind the filesystem, so that what the spec mounts in it later lies
// on top.
void Builder::AddEmulated(const MountOp& filesystem) {
  for (const EmulatedBind& bind : inputs_.options.emulated) {
    if (!IsBelow(bind.path, filesystem.target)) continue;
    MountOp op;
    op.kind = MountOp::Kind::kEmulated;
    op.field = "emulated";
    op.target = bind.path;
    op.emulated_from = bind.from;
    op.attributes.set = filesystem.attributes.set & MOUNT_ATTR_RDONLY;
    ops_.push_back(std::move(op));
  }
}

absl::Status Builder::AddFilesystem(const oci::Mount& mount,
                                    const oci::MountOptions& options,
                                    MountOp op) {
  op.kind = MountOp::Kind::kFilesystem;
  op.type = mount.type;
  op.source = mount.source.empty() ? mount.type : mount.source;
  op.options = FilesystemOptions(options);
  // A single new mount: recursion says nothing more.
  op.attributes.set |= op.recursive_attributes.set;
  op.recursive_attributes = {};
  op.attributes.clear = 0;
  for (uint64_t flags : options.propagation) {
    if ((flags & MS_PRIVATE) == 0) op.propagation.push_back(flags);
  }
  op.copy_up = options.copy_up;
  if (mount.type.empty()) {
    return InvalidArgument("{}.type: is empty, and it is no bind mount",
                           op.field);
  }
  if (mount.type == "cgroup") op.kind = MountOp::Kind::kCgroupTree;
  if (mount.type == "sysfs" && !inputs_.network_of_host.empty()) {
    op.kind = MountOp::Kind::kHostSysfs;
    op.source = inputs_.network_of_host;
  }
  if (op.target == "/dev" && mount.type == "tmpfs") {
    op.kind = MountOp::Kind::kDev;
    SYSBOX_RETURN_IF_ERROR(FillDev(spec_, inputs_, op));
    op.locked = inputs_.options.lock_attributes &&
                (op.attributes.set & MOUNT_ATTR_RDONLY) != 0;
  }
  const bool emulated = (op.type == "proc" && op.target == "/proc") ||
                        (op.type == "sysfs" && op.target == "/sys");
  ops_.push_back(std::move(op));
  if (emulated) AddEmulated(MountOp(ops_.back()));
  return absl::OkStatus();
}

absl::Status Builder::AddMount(size_t index) {
  const oci::Mount& mount = spec_.mounts[index];
  const oci::MountOptions options = oci::ParseMountOptions(mount.options);
  MountOp op;
  op.field = fmt::format("mounts[{}]", index);
  op.target = CleanPath(mount.destination);
  op.attributes.set = options.attributes_set;
  op.attributes.clear = options.attributes_clear;
  op.recursive_attributes.set = options.recursive_set;
  op.recursive_attributes.clear = options.recursive_clear;
  SYSBOX_RETURN_IF_ERROR(CheckTarget(mount, op));
  if (mount.type == "bind" || options.bind) {
    return AddBind(index, options, std::move(op));
  }
  return AddFilesystem(mount, options, std::move(op));
}

absl::Status Builder::AddPaths(const std::vector<std::string>& paths,
                               std::string_view field, MountOp::Kind kind) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].empty() || paths[i].front() != '/') {
      return InvalidArgument("{}[{}]: \"{}\" is not absolute", field, i,
                             paths[i]);
    }
    MountOp op;
    op.kind = kind;
    op.field = fmt::format("{}[{}]", field, i);
    op.target = CleanPath(paths[i]);
    op.optional = true;
    op.over_proc = true;
    op.last = true;
    ops_.push_back(std::move(op));
  }
  return absl::OkStatus();
}

absl::Status Builder::AddDevicesOutsideDev() {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<MountOp> devices,
                          DevicesOutsideDev(spec_, inputs_));
  Add(std::move(devices));
  return absl::OkStatus();
}

absl::Status Builder::AddHiddenPaths() {
  SYSBOX_RETURN_IF_ERROR(AddPaths(spec_.linux->readonly_paths,
                                  "linux.readonlyPaths",
                                  MountOp::Kind::kReadonly));
  return AddPaths(spec_.linux->masked_paths, "linux.maskedPaths",
                  MountOp::Kind::kMask);
}

absl::Status Builder::CheckNothingOnStaying() const {
  for (auto op = ops_.begin(); op != ops_.end(); ++op) {
    if (!op->stays) continue;
    const auto above = std::find_if(op, ops_.end(), [&](const MountOp& later) {
      return IsBelow(later.target, op->target);
    });
    if (above == ops_.end()) continue;
    return InvalidArgument(
        "{}: \"{}\" lies on the read-only \"{}\", which can be kept mounted "
        "only if nothing does (--allow-immutable-unmounts=false)",
        above->field, above->target, op->target);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MountPlan> BuildMountPlan(const oci::Spec& spec,
                                         const BuildInputs& inputs) {
  if (!spec.root.has_value() || !spec.linux.has_value()) {
    return InvalidArgument("root and linux: one is missing");
  }
  MountPlan plan;
  plan.maps = inputs.options.maps;
  plan.no_pivot = inputs.options.no_pivot;
  SYSBOX_ASSIGN_OR_RETURN(plan.rootfs, BuildRootfsPlan(spec, inputs));
  Builder builder(spec, inputs);
  // In front of the user's mounts, some of which may lie below.
  builder.Add(DataRootMounts(spec, inputs, plan.rootfs));
  builder.Add(KernelFileMounts(spec, inputs));
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    if (i == inputs.hostname_mount) continue;
    SYSBOX_RETURN_IF_ERROR(builder.AddMount(i));
  }
  SYSBOX_RETURN_IF_ERROR(builder.AddDevicesOutsideDev());
  SYSBOX_RETURN_IF_ERROR(builder.AddHiddenPaths());
  SYSBOX_RETURN_IF_ERROR(builder.CheckNothingOnStaying());
  plan.ops = builder.TakeOps();
  if (inputs.hostname_mount.has_value()) plan.hostname = spec.hostname;
  if (inputs.headers_link.has_value()) {
    plan.links.push_back(*inputs.headers_link);
  }
  return plan;
}

}  // namespace sysbox::mounts
