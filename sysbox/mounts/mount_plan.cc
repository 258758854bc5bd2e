#include "sysbox/mounts/mount_plan.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "fmt/format.h"

namespace sysbox::mounts {
namespace {

std::string_view Name(RootfsPlan::Kind kind) {
  switch (kind) {
    case RootfsPlan::Kind::kIdMappedBind:
      return "id-mapped-bind";
    case RootfsPlan::Kind::kIdMappedOverlay:
      return "id-mapped-overlay";
    case RootfsPlan::Kind::kPlainBind:
      return "plain-bind";
  }
  return "?";
}

std::string_view Name(MountOp::Kind kind) {
  switch (kind) {
    case MountOp::Kind::kBind:
      return "bind";
    case MountOp::Kind::kFilesystem:
      return "filesystem";
    case MountOp::Kind::kDev:
      return "dev";
    case MountOp::Kind::kCgroupTree:
      return "cgroup-tree";
    case MountOp::Kind::kMask:
      return "mask";
    case MountOp::Kind::kReadonly:
      return "readonly";
    case MountOp::Kind::kHostSysfs:
      return "host-sysfs";
    case MountOp::Kind::kDataRoot:
      return "data-root";
    case MountOp::Kind::kEmulated:
      return "emulated";
  }
  return "?";
}

std::string_view Name(EmulatedFrom from) {
  switch (from) {
    case EmulatedFrom::kStatic:
      return "static";
    case EmulatedFrom::kLive:
      return "live";
    case EmulatedFrom::kNative:
      return "native";
    case EmulatedFrom::kNativeIfOwned:
      return "native-if-owned";
  }
  return "?";
}

struct FlagName {
  uint64_t flag;
  std::string_view name;
};
constexpr FlagName kAttributes[] = {
    {MOUNT_ATTR_RDONLY, "ro"},
    {MOUNT_ATTR_NOSUID, "nosuid"},
    {MOUNT_ATTR_NODEV, "nodev"},
    {MOUNT_ATTR_NOEXEC, "noexec"},
    {MOUNT_ATTR_NOATIME, "noatime"},
    {MOUNT_ATTR_STRICTATIME, "strictatime"},
    {MOUNT_ATTR_NODIRATIME, "nodiratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
};
constexpr FlagName kPropagation[] = {
    {MS_PRIVATE, "private"},
    {MS_SLAVE, "slave"},
    {MS_SHARED, "shared"},
    {MS_UNBINDABLE, "unbindable"},
};

std::string Attributes(uint64_t flags) {
  std::string text;
  for (const FlagName& known : kAttributes) {
    if ((flags & known.flag) == 0) continue;
    text += fmt::format("{}{}", text.empty() ? "" : ",", known.name);
  }
  return text;
}

std::string Propagation(uint64_t flags) {
  for (const FlagName& known : kPropagation) {
    if ((flags & known.flag) == 0) continue;
    return fmt::format("{}{}", (flags & MS_REC) != 0 ? "r" : "", known.name);
  }
  return "?";
}

// " key=value" unless the value is empty.
std::string Pair(std::string_view key, std::string_view value) {
  return value.empty() ? "" : fmt::format(" {}={}", key, value);
}
std::string Word(std::string_view word, bool present) {
  return present ? fmt::format(" {}", word) : "";
}

std::string Options(const std::vector<FilesystemOption>& options) {
  std::string text;
  for (const FilesystemOption& option : options) {
    text += fmt::format("{}{}", text.empty() ? "" : ",", option.key);
    if (!option.value.empty()) text += "=" + option.value;
  }
  return text;
}

std::string RootfsText(const RootfsPlan& rootfs) {
  std::string text =
      fmt::format("rootfs {} {}", Name(rootfs.kind), rootfs.path);
  text += Pair("attr", Attributes(rootfs.attributes));
  text += Word("readonly", rootfs.readonly);
  text += Word("locked", rootfs.locked);
  if (rootfs.propagation != 0) {
    text += Pair("propagation", Propagation(rootfs.propagation));
  }
  text += "\n";
  if (rootfs.kind != RootfsPlan::Kind::kIdMappedOverlay) return text;
  const OverlayLayers& overlay = rootfs.overlay;
  for (const std::string& layer : overlay.lower) {
    text += fmt::format("  lower {}\n", layer);
  }
  for (const std::string& layer : overlay.data_lower) {
    text += fmt::format("  data {}\n", layer);
  }
  if (!overlay.upper.empty()) {
    text += fmt::format("  upper {}\n  work {}\n", overlay.upper, overlay.work);
  }
  text += fmt::format("  below {}\n", overlay.common_parent);
  if (!overlay.options.empty()) {
    text += fmt::format("  options {}\n", Options(overlay.options));
  }
  return text;
}

std::string_view TypeName(uint32_t mode) {
  return S_ISCHR(mode) ? "c" : S_ISBLK(mode) ? "b" : "p";
}

std::string DevText(const MountOp& op) {
  std::string text;
  for (const DeviceNode& node : op.devices) {
    text += fmt::format("  node {} {} {}:{} {:04o} {}:{}\n", node.path,
                        TypeName(node.mode), node.major, node.minor,
                        node.mode & 07777, node.uid, node.gid);
  }
  for (const DeviceLink& link : op.links) {
    text += fmt::format("  link {} -> {}\n", link.path, link.target);
  }
  return text;
}

std::string OpText(const MountOp& op) {
  std::string text =
      fmt::format("{}{} {}", op.last ? "last " : "", Name(op.kind), op.target);
  text += Pair("type", op.type);
  if (op.kind == MountOp::Kind::kEmulated) {
    text += Pair("from", Name(op.emulated_from));
  }
  text += Pair("source", op.source);
  text += Pair("options", Options(op.options));
  text += Pair("attr", Attributes(op.attributes.set));
  text += Pair("rattr", Attributes(op.recursive_attributes.set));
  for (uint64_t flags : op.propagation) {
    text += Pair("propagation", Propagation(flags));
  }
  text += Word("recursive", op.recursive);
  text += Word(op.id_map_required ? "id-map-required" : "id-map", op.id_map);
  text += Word("optional", op.optional);
  text += Word("copy-up", op.copy_up);
  text += Word("over-proc", op.over_proc);
  text += Word("locked", op.locked);
  text += Word("stays", op.stays);
  return text + "\n" + DevText(op);
}

}  // namespace

bool HasEmulated(const MountPlan& plan) {
  return std::any_of(plan.ops.begin(), plan.ops.end(), [](const MountOp& op) {
    return op.kind == MountOp::Kind::kEmulated;
  });
}

bool HasStaying(const MountPlan& plan) {
  return std::any_of(plan.ops.begin(), plan.ops.end(),
                     [](const MountOp& op) { return op.stays; });
}

bool HasLocked(const MountPlan& plan) {
  return plan.rootfs.locked ||
         std::any_of(plan.ops.begin(), plan.ops.end(),
                     [](const MountOp& op) { return op.locked; });
}

std::string ToText(const MountPlan& plan) {
  std::string text = RootfsText(plan.rootfs);
  for (const MountOp& op : plan.ops) text += OpText(op);
  for (const RootfsLink& link : plan.links) {
    text += fmt::format("link {} -> {}\n", link.path, link.target);
  }
  if (!plan.hostname.empty()) {
    text += fmt::format("hostname {}\n", plan.hostname);
  }
  if (plan.no_pivot) text += "no-pivot\n";
  return text;
}

}  // namespace sysbox::mounts
