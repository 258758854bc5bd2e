#include "sysbox/emu/node_numbers.h"

#include <cstddef>
#include <utility>

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

// Twice as many are remembered, at some 140 bytes.
constexpr size_t kMostRecent = 8192;

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

bool IsNumberOf(fuse::NodeId node, std::string_view path) {
  const fuse::NodeId number = NodeNumber(path);
  return node & kPathBit ? node == number
                         : PathPart(node) == (number & kHashBits);
}

std::optional<std::string_view> PathInTable(fuse::NodeId node) {
  const auto found = TablePaths().find(PathPart(node));
  if (found == TablePaths().end()) return std::nullopt;
  return found->second;
}

void SeenPaths::Add(fuse::NodeId part, std::string path) {
  if (recent_.size() >= kMostRecent) {
    older_ = std::move(recent_);
    recent_.clear();
  }
  recent_.emplace(part, std::move(path));
}

void SeenPaths::Remember(fuse::NodeId node, std::string_view path) {
  const absl::MutexLock lock(&mu_);
  const fuse::NodeId part = PathPart(node);
  if (recent_.count(part) == 0) Add(part, std::string(path));
}

std::optional<std::string> SeenPaths::Find(fuse::NodeId node) {
  const absl::MutexLock lock(&mu_);
  const fuse::NodeId part = PathPart(node);
  const auto recent = recent_.find(part);
  if (recent != recent_.end()) return recent->second;
  auto older = older_.extract(part);
  if (older.empty()) return std::nullopt;
  Add(part, older.mapped());
  return std::move(older.mapped());
}

}  // namespace sysbox::emu
