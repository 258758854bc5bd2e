#include "sysbox/emu/emulated_mounts.h"

#include <vector>

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/node_table.h"

namespace sysbox::emu {
namespace {

using Source = EmulatedMount::Source;

Source SourceOf(const NodeSpec& row) {
  if (row.binding == Binding::kNative) return Source::kNative;
  if (row.binding == Binding::kNativeIfOwned) return Source::kNativeIfOwned;
  return row.superblock == Superblock::kLive ? Source::kLive : Source::kStatic;
}

}  // namespace

const std::vector<EmulatedMount>& EmulatedMounts() {
  static const auto* const kMounts = [] {
    auto* mounts = new std::vector<EmulatedMount>();
    // By path, so that a directory comes before what lies in it.
    for (const NodeSpec& row : NodeTable()) {
      if (row.binding == Binding::kNone) continue;
      mounts->push_back({.source = SourceOf(row),
                         .path = row.path,
                         .directory = row.content == Content::kDirectory,
                         .hides_devices = row.hides_devices});
    }
    return mounts;
  }();
  return *kMounts;
}

}  // namespace sysbox::emu
