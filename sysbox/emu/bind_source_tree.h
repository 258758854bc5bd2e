// What a FUSE connection of a container serves: the container's tree, with all
// that init binds side by side in its root as well, under the names of
// mounts/emulated_name. Of those, name, number and type are the same in all
// containers, so they can be asked for before the container is known; owner,
// size and time are asked for when somebody looks.
#ifndef SYSBOX_EMU_BIND_SOURCE_TREE_H_
#define SYSBOX_EMU_BIND_SOURCE_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "sysbox/emu/node_spec.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// `container` is null as long as it is not known: then there is nothing but
// the root and the names in it.
std::shared_ptr<fuse::Tree> MakeBindSourceTree(
    Superblock superblock, std::shared_ptr<fuse::Tree> container);

// Where init walks below what it has bound, from the root on: to what it binds
// or mounts upon that.
const std::vector<std::string>& PathsToMountPoints(Superblock superblock);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_BIND_SOURCE_TREE_H_
