#include "sysbox/emu/bind_source_tree.h"

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/node_numbers.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/mounts/emulated_name.h"

namespace sysbox::emu {
namespace {

struct Source {
  std::string name;
  fuse::NodeId node;
  mode_t type;
};

std::vector<Source> SourcesOf(Superblock superblock) {
  std::vector<Source> sources;
  for (const NodeSpec& row : NodeTable()) {
    if (row.binding == Binding::kServed && row.superblock == superblock) {
      sources.push_back({mounts::EmulatedName(row.path), NodeNumber(row.path),
                         row.mode & S_IFMT});
    }
  }
  return sources;
}

absl::Span<const Source> Sources(Superblock superblock) {
  static const auto* const kStatic =
      new std::vector<Source>(SourcesOf(Superblock::kStatic));
  static const auto* const kLive =
      new std::vector<Source>(SourcesOf(Superblock::kLive));
  return superblock == Superblock::kStatic ? *kStatic : *kLive;
}

// The row of the directory that is bound and holds `path`.
const NodeSpec* BoundAbove(std::string_view path) {
  const NodeSpec* row = GoverningDirectory(path);
  while (row != nullptr && row->binding != Binding::kServed) {
    row = GoverningDirectory(row->path);
  }
  return row;
}

// Where the spec of every container has the cgroup file systems.
constexpr std::string_view kCgroups = "/sys/fs/cgroup";

std::vector<std::string> MountPointsOf(Superblock superblock) {
  std::vector<std::string> paths;
  for (const NodeSpec& row : NodeTable()) {
    if (row.binding == Binding::kNone && row.path != kCgroups) continue;
    const NodeSpec* bound = BoundAbove(row.path);
    if (bound == nullptr || bound->superblock != superblock) continue;
    paths.push_back(mounts::EmulatedName(bound->path));
    paths.back().append(row.path.substr(bound->path.size()));
  }
  return paths;
}

// Nothing but the type is right, and nothing but the name is to be kept.
fuse::Attributes RoughAttributes(const Source& source) {
  fuse::Attributes attributes;
  attributes.node = source.node;
  attributes.mode = source.type;
  attributes.fixed = false;
  attributes.fixed_name = true;
  return attributes;
}

// Only init ever sees it.
fuse::Attributes AttributesOfRoot() {
  fuse::Attributes attributes;
  attributes.node = fuse::kRootNode;
  attributes.mode = S_IFDIR | 0555;
  return attributes;
}

class BindSourceTree : public fuse::Tree {
 public:
  BindSourceTree(Superblock superblock, std::shared_ptr<fuse::Tree> container)
      : sources_(Sources(superblock)), container_(std::move(container)) {}

  absl::StatusOr<fuse::Attributes> Lookup(const fuse::Caller& caller,
                                          fuse::NodeId directory,
                                          std::string_view name) override {
    if (directory == fuse::kRootNode) {
      for (const Source& source : sources_) {
        if (source.name == name) return AttributesOf(caller, source);
      }
    }
    return container_->Lookup(caller, directory, name);
  }

  absl::StatusOr<fuse::Attributes> Get(const fuse::Caller& caller,
                                       fuse::NodeId node) override {
    if (node == fuse::kRootNode) return AttributesOfRoot();
    return container_->Get(caller, node);
  }

  absl::StatusOr<std::string> Read(const fuse::Caller& caller,
                                   fuse::NodeId node) override {
    return container_->Read(caller, node);
  }

  absl::Status Write(const fuse::Caller& caller, fuse::NodeId node,
                     std::string_view data, uint64_t offset) override {
    return container_->Write(caller, node, data, offset);
  }

  absl::StatusOr<std::vector<fuse::DirectoryEntry>> List(
      const fuse::Caller& caller, fuse::NodeId directory) override {
    if (directory != fuse::kRootNode) {
      return container_->List(caller, directory);
    }
    std::vector<fuse::DirectoryEntry> entries;
    for (const Source& source : sources_) {
      entries.push_back(
          {.name = source.name, .node = source.node, .type = source.type});
    }
    return entries;
  }

  absl::StatusOr<std::string> ReadLink(const fuse::Caller& caller,
                                       fuse::NodeId node) override {
    return container_->ReadLink(caller, node);
  }

  bool TellsOfChanges(fuse::NodeId node) override {
    return container_->TellsOfChanges(node);
  }

  bool ListsAnew(fuse::NodeId node) override {
    return container_->ListsAnew(node);
  }

  bool IsLikeSysfs(fuse::NodeId node) override {
    return container_->IsLikeSysfs(node);
  }

 private:
  // Of a directory those that last: init goes through it. Of a file, whoever
  // opens it asks.
  fuse::Attributes AttributesOf(const fuse::Caller& caller,
                                const Source& source) {
    if (!S_ISDIR(source.type)) return RoughAttributes(source);
    absl::StatusOr<fuse::Attributes> attributes =
        container_->Get(caller, source.node);
    if (!attributes.ok() || !attributes->fixed) return RoughAttributes(source);
    attributes->fixed_name = true;
    return *attributes;
  }

  const absl::Span<const Source> sources_;
  const std::shared_ptr<fuse::Tree> container_;
};

}  // namespace

const std::vector<std::string>& PathsToMountPoints(Superblock superblock) {
  static const auto* const kStatic =
      new std::vector<std::string>(MountPointsOf(Superblock::kStatic));
  static const auto* const kLive =
      new std::vector<std::string>(MountPointsOf(Superblock::kLive));
  return superblock == Superblock::kStatic ? *kStatic : *kLive;
}

std::shared_ptr<fuse::Tree> MakeBindSourceTree(
    Superblock superblock, std::shared_ptr<fuse::Tree> container) {
  return std::make_shared<BindSourceTree>(superblock, std::move(container));
}

}  // namespace sysbox::emu
