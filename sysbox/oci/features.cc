#include "sysbox/oci/features.h"

#include <string_view>

#include "sysbox/json/codec.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/oci/mount_options.h"
#include "sysbox/oci/spec_fields.h"
#include "sysbox/oci/validate_linux.h"

namespace sysbox {

template <>
struct json::Fields<oci::EnabledFeature> {
  static constexpr auto kTable =
      std::make_tuple(Optional("enabled", &oci::EnabledFeature::enabled));
};

template <>
struct json::Fields<oci::CgroupFeatures> {
  static constexpr auto kTable = std::make_tuple(
      Optional("v1", &oci::CgroupFeatures::v1),
      Optional("v2", &oci::CgroupFeatures::v2),
      Optional("systemd", &oci::CgroupFeatures::systemd),
      Optional("systemdUser", &oci::CgroupFeatures::systemd_user),
      Optional("rdma", &oci::CgroupFeatures::rdma));
};

template <>
struct json::Fields<oci::SeccompFeatures> {
  static constexpr auto kTable = std::make_tuple(
      Optional("enabled", &oci::SeccompFeatures::enabled),
      Optional("actions", &oci::SeccompFeatures::actions),
      Optional("operators", &oci::SeccompFeatures::operators),
      Optional("archs", &oci::SeccompFeatures::archs),
      Optional("knownFlags", &oci::SeccompFeatures::known_flags),
      Optional("supportedFlags", &oci::SeccompFeatures::supported_flags));
};

template <>
struct json::Fields<oci::MountExtensions> {
  static constexpr auto kTable =
      std::make_tuple(Optional("idmap", &oci::MountExtensions::id_map));
};

template <>
struct json::Fields<oci::LinuxFeatures> {
  static constexpr auto kTable = std::make_tuple(
      Optional("namespaces", &oci::LinuxFeatures::namespaces),
      Optional("capabilities", &oci::LinuxFeatures::capabilities),
      Optional("cgroup", &oci::LinuxFeatures::cgroup),
      Optional("seccomp", &oci::LinuxFeatures::seccomp),
      Optional("apparmor", &oci::LinuxFeatures::apparmor),
      Optional("selinux", &oci::LinuxFeatures::selinux),
      Optional("intelRdt", &oci::LinuxFeatures::intel_rdt),
      Optional("mountExtensions", &oci::LinuxFeatures::mount_extensions));
};

template <>
struct json::Fields<oci::Features> {
  static constexpr auto kTable = std::make_tuple(
      Required("ociVersionMin", &oci::Features::oci_version_min),
      Required("ociVersionMax", &oci::Features::oci_version_max),
      Optional("hooks", &oci::Features::hooks),
      Optional("mountOptions", &oci::Features::mount_options),
      Optional("linux", &oci::Features::linux),
      Optional("annotations", &oci::Features::annotations),
      Optional("potentiallyUnsafeConfigAnnotations",
               &oci::Features::potentially_unsafe_config_annotations));
};

}  // namespace sysbox

namespace sysbox::oci {
namespace {

// The names in the table of the hooks themselves.
std::vector<std::string> HookNames() {
  std::vector<std::string> names;
  std::apply([&](auto... field) { (names.emplace_back(field.name), ...); },
             json::Fields<Hooks>::kTable);
  return names;
}

std::vector<std::string> CapabilityNames() {
  std::vector<std::string> names;
  for (int number = 0; !CapabilityName(number).empty(); ++number) {
    names.emplace_back(CapabilityName(number));
  }
  return names;
}

std::vector<std::string> Strings(const std::vector<std::string_view>& views) {
  return {views.begin(), views.end()};
}

}  // namespace

Features BaseFeatures() {
  Features features;
  features.hooks = HookNames();
  features.mount_options = Strings(KnownMountOptions());
  LinuxFeatures& linux = features.linux.emplace();
  linux.namespaces = Strings(KnownNamespaceTypes());
  linux.capabilities = CapabilityNames();
  return features;
}

std::string WriteFeatures(const Features& features) {
  return json::Write(features, {.indent = "    "});
}

}  // namespace sysbox::oci
