#include "sysbox/runtime/namespace_names.h"

#include <array>
#include <utility>

namespace sysbox::runtime {
namespace {

constexpr std::array<std::pair<std::string_view, NamespaceType>,
                     kNamespaceTypeCount>
    kNames = {{
        {"cgroup", NamespaceType::kCgroup},
        {"ipc", NamespaceType::kIpc},
        {"mount", NamespaceType::kMount},
        {"network", NamespaceType::kNetwork},
        {"pid", NamespaceType::kPid},
        {"time", NamespaceType::kTime},
        {"user", NamespaceType::kUser},
        {"uts", NamespaceType::kUts},
    }};

}  // namespace

std::optional<NamespaceType> NamespaceTypeOf(std::string_view oci_name) {
  for (const auto& [name, type] : kNames) {
    if (name == oci_name) return type;
  }
  return std::nullopt;
}

std::string_view OciName(NamespaceType type) {
  for (const auto& [name, known] : kNames) {
    if (known == type) return name;
  }
  return "";
}

}  // namespace sysbox::runtime
