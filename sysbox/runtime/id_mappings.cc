#include "sysbox/runtime/id_mappings.h"

namespace sysbox::runtime {

IdMap MapOf(const std::vector<oci::IdMapping>& mappings) {
  IdMap map;
  for (const oci::IdMapping& mapping : mappings) {
    map.lines.push_back({mapping.container_id, mapping.host_id, mapping.size});
  }
  return map;
}

std::vector<oci::IdMapping> MappingsOf(const IdMap& map) {
  std::vector<oci::IdMapping> mappings;
  for (const IdMapLine& line : map.lines) {
    mappings.push_back({line.inside, line.outside, line.size});
  }
  return mappings;
}

}  // namespace sysbox::runtime
