#include "sysbox/oci/validate_sysctl.h"

#include <algorithm>

#include "sysbox/base/status.h"
#include "sysbox/oci/quoted.h"

namespace sysbox::oci {
namespace {

// A path below /proc/sys, or with a final '/' all below it, and the namespace
// it belongs to.
struct Row {
  std::string_view path;
  std::string_view namespace_type;
};
constexpr Row kNamespaced[] = {
    {"fs/mqueue/", "ipc"},      {"kernel/domainname", "uts"},
    {"kernel/hostname", "uts"}, {"kernel/msgmax", "ipc"},
    {"kernel/msgmnb", "ipc"},   {"kernel/msgmni", "ipc"},
    {"kernel/sem", "ipc"},      {"kernel/shm_rmid_forced", "ipc"},
    {"kernel/shmall", "ipc"},   {"kernel/shmmax", "ipc"},
    {"kernel/shmmni", "ipc"},   {"net/", "network"},
};

const Row* Find(std::string_view path) {
  for (const Row& row : kNamespaced) {
    if (row.path.ends_with('/') ? path.starts_with(row.path)
                                : path == row.path) {
      return &row;
    }
  }
  return nullptr;
}

bool HasNamespace(const Linux& linux, std::string_view type) {
  for (const Namespace& ns : linux.namespaces) {
    if (ns.type == type) return true;
  }
  return false;
}

// A field of its own says the same thing.
absl::Status CheckConflict(const Spec& spec, std::string_view path) {
  if (path == "kernel/hostname") {
    return InvalidArgument("conflicts with the field hostname, which sets it");
  }
  if (path == "kernel/domainname" && !spec.domainname.empty()) {
    return InvalidArgument("conflicts with the field domainname");
  }
  return absl::OkStatus();
}

absl::Status CheckSysctl(const Spec& spec, const std::string& name) {
  std::optional<std::string> path = SysctlPath(name);
  if (!path) return InvalidArgument("not the name of a sysctl");
  const Row* row = Find(*path);
  if (row == nullptr) {
    return InvalidArgument("not in a separate kernel namespace");
  }
  if (!HasNamespace(*spec.linux, row->namespace_type)) {
    return InvalidArgument("needs a {} namespace in linux.namespaces",
                           row->namespace_type);
  }
  return CheckConflict(spec, *path);
}

}  // namespace

absl::Status ValidateSysctls(const Spec& spec) {
  for (const auto& [name, value] : spec.linux->sysctl) {
    absl::Status status = CheckSysctl(spec, name);
    if (!status.ok()) {
      return InvalidArgument("linux.sysctl[{}]: {}", Quoted(name),
                             MessageOf(status));
    }
  }
  return absl::OkStatus();
}

std::optional<std::string> SysctlPath(std::string_view name) {
  size_t first = name.find_first_of("./");
  if (first == name.npos) return std::nullopt;
  std::string path(name);
  if (name[first] == '.') {
    for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
  }
  for (size_t start = 0; start <= path.size();) {
    size_t end = std::min(path.find('/', start), path.size());
    std::string_view part = std::string_view(path).substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return std::nullopt;
    start = end + 1;
  }
  return path;
}

}  // namespace sysbox::oci
