// Id maps as config.json and state.json write them, and as ids/ works with
// them.
#ifndef SYSBOX_RUNTIME_ID_MAPPINGS_H_
#define SYSBOX_RUNTIME_ID_MAPPINGS_H_

#include <vector>

#include "sysbox/ids/id_range.h"
#include "sysbox/oci/spec.h"

namespace sysbox::runtime {

IdMap MapOf(const std::vector<oci::IdMapping>& mappings);
std::vector<oci::IdMapping> MappingsOf(const IdMap& map);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_ID_MAPPINGS_H_
