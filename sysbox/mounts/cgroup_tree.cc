#include "sysbox/mounts/cgroup_tree.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/linux/file.h"

namespace sysbox::mounts {
namespace {

constexpr std::string_view kNamed = "name=";

CgroupHierarchy Unified(bool alone) {
  CgroupHierarchy hierarchy;
  hierarchy.directory = alone ? "" : "unified";
  hierarchy.type = "cgroup2";
  return hierarchy;
}

// `controllers` is the second field: "cpu,cpuacct" or "name=systemd".
CgroupHierarchy V1(std::string_view controllers) {
  CgroupHierarchy hierarchy;
  hierarchy.type = "cgroup";
  if (absl::StartsWith(ToAbsl(controllers), ToAbsl(kNamed))) {
    hierarchy.directory = std::string(controllers.substr(kNamed.size()));
    hierarchy.options.push_back({"name", hierarchy.directory});
    return hierarchy;
  }
  hierarchy.directory = std::string(controllers);
  for (absl::string_view name : absl::StrSplit(ToAbsl(controllers), ',')) {
    hierarchy.options.push_back({std::string(name), ""});
    if (name != ToAbsl(controllers)) hierarchy.links.emplace_back(name);
  }
  return hierarchy;
}

absl::Status CheckLine(const std::vector<std::string>& fields,
                       std::string_view line) {
  const bool good = fields.size() == 3 && ParseUint64(fields[0]).has_value() &&
                    fields[1].find('/') == std::string::npos;
  if (good && (fields[0] == "0") == fields[1].empty()) return absl::OkStatus();
  return InvalidArgument("/proc/self/cgroup: unexpected line \"{}\"", line);
}

absl::Status AttachHierarchy(const CgroupHierarchy& hierarchy, FdRef directory,
                             uint64_t attributes) {
  SYSBOX_ASSIGN_OR_RETURN(
      const DetachedMount mount,
      NewFilesystem(hierarchy.type, "cgroup", hierarchy.options, attributes));
  return AttachMount(mount, directory);
}

// Below the new tmpfs, which nobody else has seen: names are ours.
absl::Status AddToTree(const CgroupHierarchy& hierarchy, FdRef tree,
                       uint64_t attributes) {
  SYSBOX_RETURN_IF_ERROR(MakeDirectoryAt(tree, hierarchy.directory, 0755));
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd directory,
      OpenAt(tree, hierarchy.directory, {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(AttachHierarchy(hierarchy, directory, attributes),
                         "{}", hierarchy.directory);
  for (const std::string& link : hierarchy.links) {
    SYSBOX_RETURN_IF_ERROR(SymlinkAt(hierarchy.directory, tree, link));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<CgroupHierarchy>> ParseHierarchies(
    std::string_view proc_cgroup) {
  std::vector<CgroupHierarchy> hierarchies;
  bool unified = false;
  for (absl::string_view line :
       absl::StrSplit(ToAbsl(proc_cgroup), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    SYSBOX_RETURN_IF_ERROR(CheckLine(fields, ToStd(line)));
    if (fields[1].empty()) {
      unified = true;
    } else {
      hierarchies.push_back(V1(fields[1]));
    }
  }
  if (unified) hierarchies.push_back(Unified(hierarchies.empty()));
  if (!hierarchies.empty()) return hierarchies;
  return NotFound("/proc/self/cgroup: the kernel has no cgroups");
}

absl::Status AttachCgroupTree(const MountOp& op, FdRef target) {
  SYSBOX_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile("/proc/self/cgroup"));
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<CgroupHierarchy> hierarchies,
                          ParseHierarchies(text));
  const uint64_t attributes = op.attributes.set;
  if (hierarchies.front().directory.empty()) {
    return AttachHierarchy(hierarchies.front(), target, attributes);
  }
  SYSBOX_ASSIGN_OR_RETURN(
      const DetachedMount tree,
      NewFilesystem("tmpfs", "tmpfs", {{"mode", "755"}},
                    attributes & ~uint64_t{MOUNT_ATTR_RDONLY}));
  SYSBOX_RETURN_IF_ERROR(AttachMount(tree, target));
  for (const CgroupHierarchy& hierarchy : hierarchies) {
    SYSBOX_RETURN_IF_ERROR(AddToTree(hierarchy, tree.fd(), attributes));
  }
  if ((attributes & MOUNT_ATTR_RDONLY) == 0) return absl::OkStatus();
  return SetMountAttributes(
      tree.fd(), {.set = MOUNT_ATTR_RDONLY, .clear = 0, .propagation = 0},
      false);
}

}  // namespace sysbox::mounts
