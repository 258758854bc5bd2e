#include "sysbox/mounts/dev_plan.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <string>

#include "fmt/format.h"
#include "sysbox/base/clean_path.h"
#include "sysbox/base/status.h"
#include "sysbox/mounts/target_path.h"

namespace sysbox::mounts {
namespace {

constexpr uint32_t kWorldReadWrite = 0666;

struct DefaultDevice {
  std::string_view name;
  uint32_t major;
  uint32_t minor;
};
constexpr DefaultDevice kDefaults[] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

struct DefaultLink {
  std::string_view name;
  std::string_view target;
};
constexpr DefaultLink kLinks[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
    {"ptmx", "pts/ptmx"},
};

struct DeviceType {
  std::string_view name;
  uint32_t mode;
};
constexpr DeviceType kTypes[] = {
    {"c", S_IFCHR}, {"u", S_IFCHR}, {"b", S_IFBLK}, {"p", S_IFIFO}};

absl::StatusOr<uint32_t> TypeBits(const std::string& type,
                                  const std::string& field) {
  for (const DeviceType& known : kTypes) {
    if (known.name == type) return known.mode;
  }
  return InvalidArgument("{}.type: unknown value \"{}\"", field, type);
}

absl::StatusOr<uint32_t> DeviceNumber(int64_t number, const char* name,
                                      const std::string& field) {
  if (number >= 0 && number <= std::numeric_limits<uint32_t>::max()) {
    return static_cast<uint32_t>(number);
  }
  return InvalidArgument("{}.{}: {} is no device number", field, name, number);
}

absl::StatusOr<DeviceNode> MakeNode(const oci::Device& device,
                                    const IdMaps& maps,
                                    const std::string& field) {
  DeviceNode node;
  SYSBOX_ASSIGN_OR_RETURN(const uint32_t type, TypeBits(device.type, field));
  node.mode = type | (device.file_mode.value_or(kWorldReadWrite) & 07777);
  if (type != S_IFIFO) {
    SYSBOX_ASSIGN_OR_RETURN(node.major,
                            DeviceNumber(device.major, "major", field));
    SYSBOX_ASSIGN_OR_RETURN(node.minor,
                            DeviceNumber(device.minor, "minor", field));
  }
  node.uid = device.uid.value_or(0);
  node.gid = device.gid.value_or(0);
  const bool mapped =
      maps.uids.lines.empty() || (maps.uids.ToHost(node.uid).has_value() &&
                                  maps.gids.ToHost(node.gid).has_value());
  if (!mapped) {
    return InvalidArgument("{}: the container has no ids {}:{}", field,
                           node.uid, node.gid);
  }
  return node;
}

bool IsLink(const MountOp& dev, const std::string& path) {
  return std::any_of(dev.links.begin(), dev.links.end(),
                     [&](const DeviceLink& link) { return link.path == path; });
}

void AddNode(MountOp& dev, DeviceNode node) {
  std::erase_if(dev.devices, [&](const DeviceNode& existing) {
    return existing.path == node.path;
  });
  dev.devices.push_back(std::move(node));
}

absl::Status AddSpecDevice(const oci::Device& device, const IdMaps& maps,
                           const std::string& field, MountOp& dev) {
  SYSBOX_ASSIGN_OR_RETURN(DeviceNode node, MakeNode(device, maps, field));
  const std::string path = CleanPath(device.path);
  if (!IsBelow(path, "/dev")) return absl::OkStatus();
  node.path = path.substr(sizeof("/dev/") - 1);
  // A new instance of devpts and the console are the container's own.
  if (!IsLink(dev, node.path) && node.path != "console") {
    AddNode(dev, std::move(node));
  }
  return absl::OkStatus();
}

}  // namespace

DeviceNode NullNode(std::string_view path) {
  DeviceNode node;
  node.path = std::string(path);
  node.mode = S_IFCHR | kWorldReadWrite;
  node.major = kDefaults[0].major;
  node.minor = kDefaults[0].minor;
  return node;
}

absl::Status FillDev(const oci::Spec& spec, const BuildInputs& inputs,
                     MountOp& dev) {
  for (const DefaultLink& link : kLinks) {
    dev.links.push_back({std::string(link.name), std::string(link.target)});
  }
  if (inputs.has_kcore) dev.links.push_back({"core", "/proc/kcore"});
  for (const DefaultDevice& device : kDefaults) {
    DeviceNode node = NullNode(device.name);
    node.major = device.major;
    node.minor = device.minor;
    dev.devices.push_back(std::move(node));
  }
  for (size_t i = 0; i < spec.linux->devices.size(); ++i) {
    SYSBOX_RETURN_IF_ERROR(
        AddSpecDevice(spec.linux->devices[i], inputs.options.maps,
                      fmt::format("linux.devices[{}]", i), dev));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MountOp>> DevicesOutsideDev(
    const oci::Spec& spec, const BuildInputs& inputs) {
  std::vector<MountOp> ops;
  for (size_t i = 0; i < spec.linux->devices.size(); ++i) {
    const oci::Device& device = spec.linux->devices[i];
    MountOp op;
    op.field = fmt::format("linux.devices[{}]", i);
    op.target = CleanPath(device.path);
    if (IsBelow(op.target, "/dev")) continue;
    SYSBOX_ASSIGN_OR_RETURN(DeviceNode node,
                            MakeNode(device, inputs.options.maps, op.field));
    op.kind = MountOp::Kind::kBind;
    op.source = device.path;
    op.propagation = {uint64_t{MS_PRIVATE}};
    op.id_map = !inputs.options.maps.uids.lines.empty();
    op.devices.push_back(std::move(node));
    ops.push_back(std::move(op));
  }
  return ops;
}

}  // namespace sysbox::mounts
