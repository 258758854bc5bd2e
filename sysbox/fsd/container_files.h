// One container as its emulated files know it, and the two trees of them.
#ifndef SYSBOX_FSD_CONTAINER_FILES_H_
#define SYSBOX_FSD_CONTAINER_FILES_H_

#include <memory>

#include "sysbox/emu/container_view.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/fsd/kernel_files.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {

// Of this process, for all containers.
struct HostSide {
  HomeNamespaces home;
  std::unique_ptr<emu::views::HostResources> resources;
  std::unique_ptr<emu::HostWrites> writes;  // null: none are allowed
};

// `host` outlives all that comes out of it.
std::shared_ptr<emu::ContainerView> MakeContainerView(
    HostSide& host, std::shared_ptr<registry::Container> container);

// Keeps `view` alive.
std::shared_ptr<fuse::Tree> MakeTree(std::shared_ptr<emu::ContainerView> view,
                                     emu::Superblock superblock);

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_CONTAINER_FILES_H_
