// Reading and writing what a node stands for.
#ifndef SYSBOX_EMU_NODE_CONTENT_H_
#define SYSBOX_EMU_NODE_CONTENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/served_node.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// The whole text of a file, with the newline.
absl::StatusOr<std::string> ReadNode(ContainerView& view,
                                     const fuse::Caller& caller,
                                     const ServedNode& node);

// At most `size` bytes of a large one from `offset` on.
absl::StatusOr<std::string> ReadLargeNode(ContainerView& view,
                                          const fuse::Caller& caller,
                                          const ServedNode& node,
                                          uint64_t offset, size_t size);

// One write(2). Beyond offset 0, numbers are ignored and text is appended, as
// with kernel.sysctl_writes_strict.
absl::Status WriteNode(ContainerView& view, const fuse::Caller& caller,
                       const ServedNode& node, std::string_view data,
                       uint64_t offset);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_NODE_CONTENT_H_
