#include "sysbox/emu/node_table.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "sysbox/emu/proc_nodes.h"
#include "sysbox/emu/proc_sys_fs_nodes.h"
#include "sysbox/emu/proc_sys_kernel_nodes.h"
#include "sysbox/emu/proc_sys_net_nodes.h"
#include "sysbox/emu/proc_sys_vm_nodes.h"
#include "sysbox/emu/sys_nodes.h"
#include "sysbox/emu/view_nodes.h"

namespace sysbox::emu {
namespace {

constexpr bool ByPath(const NodeSpec& a, const NodeSpec& b) {
  return a.path < b.path;
}

template <size_t... kSizes>
constexpr auto Sorted(const NodeSpec (&... parts)[kSizes]) {
  std::array<NodeSpec, (kSizes + ...)> all = {};
  size_t at = 0;
  ((std::copy(parts, parts + kSizes, all.begin() + at), at += kSizes), ...);
  std::sort(all.begin(), all.end(), ByPath);
  return all;
}

constexpr auto kTable =
    Sorted(kProcNodes, kProcSysFsNodes, kProcSysKernelNodes, kProcSysNetNodes,
           kProcSysVmNodes, kSysNodes, kViewNodes);

constexpr bool IsSane(const NodeSpec& row) {
  const bool directory = row.content == Content::kDirectory;
  if (row.path.size() < 2 || row.path[0] != '/' || row.path.back() == '/') {
    return false;
  }
  if (directory != S_ISDIR(row.mode) && row.content != Content::kHidden) {
    return false;
  }
  if ((row.content == Content::kGenerated) != (row.generate != nullptr)) {
    return false;
  }
  if (row.ticks && (row.content != Content::kGenerated ||
                    row.superblock != Superblock::kStatic)) {
    return false;
  }
  if ((row.writing == Writing::kComputed) != (row.write != nullptr)) {
    return false;
  }
  if (row.host_write != HostWrite::kNever && row.writing != Writing::kStored) {
    return false;
  }
  return row.writing != Writing::kStored || row.content == Content::kPrivate;
}

constexpr bool IsTable(absl::Span<const NodeSpec> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!IsSane(rows[i])) return false;
    if (i > 0 && !(rows[i - 1].path < rows[i].path)) return false;
  }
  return true;
}
static_assert(IsTable(kTable),
              "a path twice, or a row that contradicts itself");

}  // namespace

absl::Span<const NodeSpec> NodeTable() { return kTable; }

const NodeSpec* FindRow(std::string_view path) {
  const auto row =
      std::lower_bound(kTable.begin(), kTable.end(), path,
                       [](const NodeSpec& row, std::string_view path) {
                         return row.path < path;
                       });
  return row != kTable.end() && row->path == path ? &*row : nullptr;
}

absl::Span<const NodeSpec> RowsBelow(std::string_view path) {
  const std::string_view prefix = path == "/" ? "" : path;
  // '0' is what follows '/'.
  const auto starts = [&](const NodeSpec& row, char separator) {
    const std::string_view head = row.path.substr(0, prefix.size());
    if (head != prefix) return head < prefix;
    return row.path.size() == prefix.size() ||
           row.path[prefix.size()] < separator;
  };
  const auto first =
      std::lower_bound(kTable.begin(), kTable.end(), '/', starts);
  const auto last = std::lower_bound(first, kTable.end(), '0', starts);
  return absl::MakeConstSpan(&*kTable.begin() + (first - kTable.begin()),
                             last - first);
}

const NodeSpec* GoverningDirectory(std::string_view path) {
  while (path != "/") {
    path = ParentOf(path);
    const NodeSpec* row = FindRow(path);
    if (row != nullptr && row->content == Content::kDirectory) return row;
  }
  return nullptr;
}

std::string_view ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? path.substr(0, 1)
                                          : path.substr(0, slash);
}

}  // namespace sysbox::emu
