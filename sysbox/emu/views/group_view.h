// How a view's generator gets at what it is made of: the caller's cgroups, and
// texts shared for some milliseconds between those who ask for the same file
// of the same cgroups, so that sixteen readers cost little more than one.
#ifndef SYSBOX_EMU_VIEWS_GROUP_VIEW_H_
#define SYSBOX_EMU_VIEWS_GROUP_VIEW_H_

#include <string>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/resource_group.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu::views {

struct GroupView {
  ResourceGroup& group;
  HostResources& host;
  ContainerFacts facts;
};
using GroupGenerator = absl::StatusOr<std::string> (*)(const GroupView& view);

// The text for the caller's cgroups, at most some milliseconds old.
absl::StatusOr<std::string> GenerateFor(ContainerView& view,
                                        const fuse::Caller& caller,
                                        GroupGenerator generator);
// For the system container's own, whoever asks.
absl::StatusOr<std::string> GenerateForContainer(ContainerView& view,
                                                 GroupGenerator generator);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_GROUP_VIEW_H_
