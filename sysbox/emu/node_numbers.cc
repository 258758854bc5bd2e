#include "sysbox/emu/node_numbers.h"

#include <cstddef>

#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/node_table.h"

namespace sysbox::emu {
namespace {

// Number of a path: this bit and 63 bits of its hash. Of a namespace's value:
// 31 bits of the namespace's inode number (they are all of the form 0xFxxxxxxx,
// see PROC_DYNAMIC_FIRST) and 32 bits of the hash.
constexpr fuse::NodeId kPathBit = fuse::NodeId{1} << 63;
constexpr uint64_t kHashBits = 0xffffffff;
constexpr uint64_t kNamespaceBits = 0x7fffffff;

constexpr size_t kMaxSeenPaths = 4096;

constexpr uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  // The low bits of FNV are its worst.
  return hash ^ (hash >> 32);
}

// What a number says of its path, whatever the namespace.
fuse::NodeId PathPart(fuse::NodeId node) {
  return node & kPathBit ? node : node & kHashBits;
}

using Paths = std::unordered_map<fuse::NodeId, std::string_view>;

const Paths& TablePaths() {
  static const Paths* const kPaths = [] {
    auto* paths = new Paths();
    for (const NodeSpec& row : NodeTable()) {
      for (std::string_view path = row.path; path != "/";
           path = ParentOf(path)) {
        paths->emplace(NodeNumber(path), path);
        paths->emplace(Fnv1a(path) & kHashBits, path);
      }
    }
    paths->emplace(fuse::kRootNode, "/");
    return paths;
  }();
  return *kPaths;
}

}  // namespace

fuse::NodeId NodeNumber(std::string_view path, uint64_t namespace_inode) {
  if (path == "/") return fuse::kRootNode;
  if (namespace_inode == 0) return kPathBit | Fnv1a(path);
  return (namespace_inode & kNamespaceBits) << 32 | (Fnv1a(path) & kHashBits);
}

std::optional<std::string_view> PathInTable(fuse::NodeId node) {
  const auto found = TablePaths().find(PathPart(node));
  if (found == TablePaths().end()) return std::nullopt;
  return found->second;
}

void SeenPaths::Remember(fuse::NodeId node, std::string_view path) {
  const absl::MutexLock lock(&mu_);
  if (paths_.size() >= kMaxSeenPaths) paths_.clear();
  paths_.emplace(PathPart(node), path);
}

std::optional<std::string> SeenPaths::Find(fuse::NodeId node) const {
  const absl::MutexLock lock(&mu_);
  const auto found = paths_.find(PathPart(node));
  if (found == paths_.end()) return std::nullopt;
  return found->second;
}

}  // namespace sysbox::emu
