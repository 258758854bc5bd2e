// What a FUSE connection of a container serves: the container's tree, with all
// that init binds side by side in its root as well, under the names of
// mounts/emulated_name. Of those, a list of the root tells name, number and
// type, the same in all containers; owner, size and time are asked for when
// somebody looks.
#ifndef SYSBOX_EMU_BIND_SOURCE_TREE_H_
#define SYSBOX_EMU_BIND_SOURCE_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "sysbox/emu/node_spec.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// `container`: what it has, by its paths.
std::shared_ptr<fuse::Tree> MakeBindSourceTree(
    Superblock superblock, std::shared_ptr<fuse::Tree> container);

// Where init walks below what it has bound, from the root on: to what it binds
// or mounts upon that.
const std::vector<std::string>& PathsToMountPoints(Superblock superblock);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_BIND_SOURCE_TREE_H_
