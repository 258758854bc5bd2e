// The table of emulated files, whole: every row of *_nodes.h, sorted by path.
#ifndef SYSBOX_EMU_NODE_TABLE_H_
#define SYSBOX_EMU_NODE_TABLE_H_

#include <string_view>

#include "absl/types/span.h"
#include "sysbox/emu/node_spec.h"

namespace sysbox::emu {

// Sorted by path, each once; all absolute, without a trailing slash.
absl::Span<const NodeSpec> NodeTable();

// The row of exactly `path`, or null.
const NodeSpec* FindRow(std::string_view path);

// The rows below the directory `path`, at any depth.
absl::Span<const NodeSpec> RowsBelow(std::string_view path);

// The directory row that says what else there is at `path`: of the closest
// directory above it that has one. Null if none has.
const NodeSpec* GoverningDirectory(std::string_view path);

// "/a" of "/a/b", "/" of "/a".
std::string_view ParentOf(std::string_view path);

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_NODE_TABLE_H_
