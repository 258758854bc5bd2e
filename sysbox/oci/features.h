// The JSON of `features` (runtime-spec features.md, features-linux.md). Only
// the shape: cli fills in the values.
#ifndef SYSBOX_OCI_FEATURES_H_
#define SYSBOX_OCI_FEATURES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sysbox/oci/spec.h"

namespace sysbox::oci {

// Absent: unknown, as the spec wants it told.
struct EnabledFeature {
  std::optional<bool> enabled;
};

struct CgroupFeatures {
  std::optional<bool> v1;
  std::optional<bool> v2;
  std::optional<bool> systemd;
  std::optional<bool> systemd_user;
  std::optional<bool> rdma;
};

struct SeccompFeatures {
  std::optional<bool> enabled;
  std::vector<std::string> actions;
  std::vector<std::string> operators;
  std::vector<std::string> archs;
  std::vector<std::string> known_flags;
  std::vector<std::string> supported_flags;
};

struct MountExtensions {
  std::optional<EnabledFeature> id_map;
};

struct LinuxFeatures {
  std::vector<std::string> namespaces;
  std::vector<std::string> capabilities;
  std::optional<CgroupFeatures> cgroup;
  std::optional<SeccompFeatures> seccomp;
  std::optional<EnabledFeature> apparmor;
  std::optional<EnabledFeature> selinux;
  std::optional<EnabledFeature> intel_rdt;
  std::optional<MountExtensions> mount_extensions;
};

struct Features {
  std::string oci_version_min{kOciVersionMin};
  std::string oci_version_max{kOciVersion};
  std::vector<std::string> hooks;
  std::vector<std::string> mount_options;
  std::optional<LinuxFeatures> linux;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> potentially_unsafe_config_annotations;
};

// What this package itself settles: versions, hooks, mount options,
// namespaces, and the capabilities known by name.
Features BaseFeatures();

// Indented by four blanks, as runc's, without a line end.
std::string WriteFeatures(const Features& features);

}  // namespace sysbox::oci

#endif  // SYSBOX_OCI_FEATURES_H_
