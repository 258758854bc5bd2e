// The table as a tree that a FUSE session serves: one object per container and
// superblock, over the same view. Node numbers are derived from paths (and,
// for a namespace's values, from the namespace), so a successor of the process
// knows them. The root is "/": what the container's init binds lies at its own
// path. Every file is owned by the container's root.
#ifndef SYSBOX_EMU_EMULATED_TREE_H_
#define SYSBOX_EMU_EMULATED_TREE_H_

#include <memory>

#include "sysbox/emu/container_view.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// `view` outlives the tree. Cheap: everything is made when first asked for.
std::unique_ptr<fuse::Tree> MakeEmulatedTree(ContainerView& view,
                                             Superblock superblock);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_EMULATED_TREE_H_
