#include "sysbox/emu/emulated_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/node_content.h"
#include "sysbox/emu/node_numbers.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/emu/served_node.h"
#include "sysbox/emu/snapshots.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu {
namespace {

// As of sysfs's files. Not 0 as of procfs's: sendfile(2) would take them for
// empty and not even ask (fuse/operations.cc refuses it).
constexpr uint64_t kLiveFileSize = 4096;

// How late a list that is not fixed may tell of a new name, unless it is
// restless. Each step of a path through a directory would ask otherwise.
constexpr uint32_t kListingMs = 50;
// How long what changes by itself is taken to be as it was when the file was
// opened, which asks: a program that reads it would have us asked three times
// for its size.
constexpr uint32_t kFreshMs = 3;
constexpr int kMaxDepth = 12;
constexpr std::string_view kHostname = "/proc/sys/kernel/hostname";

std::string PathBelow(std::string_view directory, std::string_view name) {
  return directory == "/" ? fmt::format("/{}", name)
                          : fmt::format("{}/{}", directory, name);
}

bool IsFile(const ServedNode& node) { return S_ISREG(node.spec.mode); }

// Whether opening it by a path means to look its name up: not where it is
// bound, so that no name of ours leads to it.
bool AskedByOpening(const ServedNode& node) {
  return node.spec.binding != Binding::kServed;
}

// Whether only writes through this tree change what the file says.
bool IsSteady(const ServedNode& node) {
  const NodeSpec& spec = node.spec;
  if (spec.content == Content::kPrivate) {
    // Its sibling's writes change it, too.
    return spec.zeroes.empty();
  }
  return (spec.content == Content::kGenerated && !spec.ticks) || spec.steady;
}

class EmulatedTree : public fuse::Tree {
 public:
  EmulatedTree(ContainerView& view, Superblock superblock)
      : view_(view), superblock_(superblock), made_(absl::Now()) {}

  absl::StatusOr<fuse::Attributes> Lookup(const fuse::Caller& caller,
                                          fuse::NodeId directory,
                                          std::string_view name) override;
  absl::StatusOr<fuse::Attributes> Get(const fuse::Caller& caller,
                                       fuse::NodeId node) override;
  absl::StatusOr<std::string> Read(const fuse::Caller& caller,
                                   fuse::NodeId node) override;
  absl::StatusOr<std::string> ReadPiece(const fuse::Caller& caller,
                                        fuse::NodeId node, uint64_t offset,
                                        size_t size) override;
  absl::Status Write(const fuse::Caller& caller, fuse::NodeId node,
                     std::string_view data, uint64_t offset) override;
  absl::StatusOr<std::vector<fuse::DirectoryEntry>> List(
      const fuse::Caller& caller, fuse::NodeId directory) override;
  absl::StatusOr<std::string> ReadLink(const fuse::Caller& caller,
                                       fuse::NodeId node) override;
  // systemd watches it for changes.
  bool TellsOfChanges(fuse::NodeId node) override {
    return PathInTable(node) == kHostname;
  }
  bool ListsAnew(fuse::NodeId node) override {
    const auto path = PathInTable(node);
    const NodeSpec* row = path ? FindRow(*path) : nullptr;
    return row != nullptr && row->restless;
  }
  bool IsLikeSysfs(fuse::NodeId node) override {
    auto path = PathInTable(node);
    if (!path) path = seen_.Find(node);
    return path && path->starts_with("/sys/");
  }

 private:
  absl::StatusOr<ServedNode> Find(const fuse::Caller& caller,
                                  fuse::NodeId node);
  // The same, for what is of the file: ESTALE for a value of a namespace that
  // the caller is not in. It may have opened the file elsewhere, or was given
  // the descriptor: what it would read is not what others may read from the
  // kernel's cache, and the right to write was found there.
  absl::StatusOr<ServedNode> FindOwn(const fuse::Caller& caller,
                                     fuse::NodeId node);
  // The path of a number that this process has not given out, or has
  // forgotten, if it is below `directory`: looks at everything there.
  std::optional<std::string> Search(const fuse::Caller& caller,
                                    fuse::NodeId number,
                                    std::string_view directory, int depth);
  absl::StatusOr<fuse::Attributes> Describe(const fuse::Caller& caller,
                                            const ServedNode& node);
  // As it was measured, if that was just now.
  absl::StatusOr<std::string> ReadWhole(const fuse::Caller& caller,
                                        const ServedNode& node);
  // The size of a file that the kernel caches, and when it changed.
  void Measure(const fuse::Caller& caller, const ServedNode& node,
               fuse::Attributes& attributes);
  absl::Time ChangeOf(fuse::NodeId node);
  void NoteChange(fuse::NodeId node, bool steady);

  ContainerView& view_;
  const Superblock superblock_;
  const absl::Time made_;
  SeenPaths seen_;
  Snapshots snapshots_;
  absl::Mutex mu_;
  std::unordered_map<fuse::NodeId, absl::Time> changes_ ABSL_GUARDED_BY(mu_);
};

absl::StatusOr<ServedNode> EmulatedTree::Find(const fuse::Caller& caller,
                                              fuse::NodeId node) {
  if (const auto path = PathInTable(node)) {
    return FindNode(view_, superblock_, caller, *path);
  }
  std::optional<std::string> path = seen_.Find(node);
  for (const NodeSpec& row : NodeTable()) {
    if (path) break;
    if (row.others == Others::kNothing) continue;
    path = Search(caller, node, row.path, 0);
  }
  if (!path) return ErrnoStatus(ESTALE, "find node");
  return FindNode(view_, superblock_, caller, *path);
}

absl::StatusOr<ServedNode> EmulatedTree::FindOwn(const fuse::Caller& caller,
                                                 fuse::NodeId node) {
  SYSBOX_ASSIGN_OR_RETURN(ServedNode found, Find(caller, node));
  if (found.spec.content == Content::kNamespace && found.number != node) {
    return ErrnoStatus(ESTALE, "another namespace's file");
  }
  return found;
}

std::optional<std::string> EmulatedTree::Search(const fuse::Caller& caller,
                                                fuse::NodeId number,
                                                std::string_view directory,
                                                int depth) {
  if (depth > kMaxDepth) return std::nullopt;
  absl::StatusOr<ServedNode> node =
      FindNode(view_, superblock_, caller, directory);
  if (!node.ok()) return std::nullopt;  // not on this kernel
  const auto names = NamesIn(view_, superblock_, caller, *node);
  if (!names.ok()) return std::nullopt;  // likewise, or gone since
  for (const auto& [name, type] : *names) {
    std::string path = PathBelow(directory, name);
    if (FindRow(path) != nullptr) continue;
    seen_.Remember(NodeNumber(path), path);
    if (S_ISREG(type)) seen_.Remember(NodeNumber(path, 1), path);
    if (IsNumberOf(number, path)) return path;
    if (!S_ISDIR(type)) continue;
    if (auto found = Search(caller, number, path, depth + 1)) return found;
  }
  return std::nullopt;
}

absl::StatusOr<fuse::Attributes> EmulatedTree::Lookup(
    const fuse::Caller& caller, fuse::NodeId directory, std::string_view name) {
  SYSBOX_ASSIGN_OR_RETURN(ServedNode parent, Find(caller, directory));
  if (name.empty() || name == "." || name == ".." ||
      name.find('/') != name.npos) {
    return ErrnoStatus(ENOENT, "look up name");
  }
  SYSBOX_ASSIGN_OR_RETURN(
      ServedNode node,
      FindNode(view_, superblock_, caller, PathBelow(parent.path, name)));
  if (!PathInTable(node.number)) seen_.Remember(node.number, node.path);
  return Describe(caller, node);
}

absl::StatusOr<fuse::Attributes> EmulatedTree::Get(const fuse::Caller& caller,
                                                   fuse::NodeId node) {
  SYSBOX_ASSIGN_OR_RETURN(const ServedNode found, FindOwn(caller, node));
  return Describe(caller, found);
}

absl::StatusOr<fuse::Attributes> EmulatedTree::Describe(
    const fuse::Caller& caller, const ServedNode& node) {
  const ContainerFacts facts = view_.facts();
  fuse::Attributes attributes;
  attributes.node = node.number;
  attributes.mode = node.spec.mode;
  attributes.uid = node.uid.value_or(facts.root_uid);
  attributes.gid = node.gid.value_or(facts.root_gid);
  attributes.changed = absl::ToTimespec(made_);
  if (!IsFile(node)) {
    // Where names come and go with a namespace's interfaces or a limit, they
    // are listed anew each time. What the host has changes only when it loads
    // a module.
    attributes.fixed =
        node.spec.others != Others::kNamespace && node.spec.hides == nullptr;
    if (!attributes.fixed) {
      attributes.valid_ms = kListingMs;
      attributes.name_valid_ms = kListingMs;
      // What is in an interface's directory is asked for anyway, and may be
      // found gone; each file of it would have us asked for the directories.
      if (node.spec.restless) {
        attributes.valid_ms = kFreshMs;
        attributes.name_valid_ms = kFreshMs;
      }
      attributes.changed = absl::ToTimespec(absl::Now());
    }
    return attributes;
  }
  // Of a namespace's value, the node depends on who looks.
  attributes.fixed =
      IsSteady(node) || (superblock_ == Superblock::kLive &&
                         node.spec.content != Content::kNamespace);
  attributes.fixed_name = node.spec.content != Content::kNamespace;
  if (node.spec.ticks) attributes.valid_ms = kFreshMs;
  if (superblock_ == Superblock::kLive) {
    attributes.size = kLiveFileSize;
    return attributes;
  }
  // Not what another file's write changes, nor what somebody waits for.
  if (!attributes.fixed && AskedByOpening(node) && node.spec.zeroes.empty() &&
      !TellsOfChanges(node.number)) {
    attributes.fixed_name = false;
    attributes.valid_ms = kFreshMs;
  }
  Measure(caller, node, attributes);
  return attributes;
}

void EmulatedTree::Measure(const fuse::Caller& caller, const ServedNode& node,
                           fuse::Attributes& attributes) {
  if (node.spec.large) {
    attributes.size = node.size;
    return;
  }
  absl::StatusOr<std::string> text = ReadNode(view_, caller, node);
  // A file that cannot be read (now) can be seen nevertheless.
  if (!text.ok()) {
    attributes.fixed = false;
    return;
  }
  attributes.size = text->size();
  attributes.changed = absl::ToTimespec(
      IsSteady(node) ? ChangeOf(node.number)
                     : snapshots_.Take(node.number, *std::move(text)));
}

absl::Time EmulatedTree::ChangeOf(fuse::NodeId node) {
  const absl::MutexLock lock(&mu_);
  const auto found = changes_.find(node);
  return found != changes_.end() ? found->second : made_;
}

void EmulatedTree::NoteChange(fuse::NodeId node, bool steady) {
  if (!steady) return snapshots_.Forget(node);
  const absl::MutexLock lock(&mu_);
  changes_[node] = absl::Now();  // few are steady
}

absl::StatusOr<std::string> EmulatedTree::Read(const fuse::Caller& caller,
                                               fuse::NodeId node) {
  SYSBOX_ASSIGN_OR_RETURN(const ServedNode found, FindOwn(caller, node));
  return ReadWhole(caller, found);
}

absl::StatusOr<std::string> EmulatedTree::ReadWhole(const fuse::Caller& caller,
                                                    const ServedNode& node) {
  if (superblock_ == Superblock::kStatic && !IsSteady(node)) {
    if (auto text = snapshots_.Fresh(node.number)) return *std::move(text);
  }
  return ReadNode(view_, caller, node);
}

absl::StatusOr<std::string> EmulatedTree::ReadPiece(const fuse::Caller& caller,
                                                    fuse::NodeId node,
                                                    uint64_t offset,
                                                    size_t size) {
  SYSBOX_ASSIGN_OR_RETURN(const ServedNode found, FindOwn(caller, node));
  if (found.spec.large && IsFile(found)) {
    return ReadLargeNode(view_, caller, found, offset, size);
  }
  return fuse::PieceOf(ReadWhole(caller, found), offset, size);
}

absl::Status EmulatedTree::Write(const fuse::Caller& caller, fuse::NodeId node,
                                 std::string_view data, uint64_t offset) {
  const absl::StatusOr<ServedNode> found = FindOwn(caller, node);
  // A refused write, too, may have touched what the kernel has cached.
  if (!found.ok()) NoteChange(node, /*steady=*/false);
  SYSBOX_RETURN_IF_ERROR(found.status());
  absl::Status status = WriteNode(view_, caller, *found, data, offset);
  if (IsFile(*found)) NoteChange(node, IsSteady(*found));
  return status;
}

absl::StatusOr<std::vector<fuse::DirectoryEntry>> EmulatedTree::List(
    const fuse::Caller& caller, fuse::NodeId directory) {
  SYSBOX_ASSIGN_OR_RETURN(ServedNode found, Find(caller, directory));
  if (!S_ISDIR(found.spec.mode)) return ErrnoStatus(ENOTDIR, "list");
  SYSBOX_ASSIGN_OR_RETURN(auto names,
                          NamesIn(view_, superblock_, caller, found));
  std::vector<fuse::DirectoryEntry> entries;
  entries.reserve(names.size());
  std::map<Scope, uint64_t> namespaces;
  for (const auto& [name, type] : names) {
    const std::string path = PathBelow(found.path, name);
    const NodeSpec* row = FindRow(path);
    const bool of_namespace =
        row != nullptr
            ? row->content == Content::kNamespace
            : found.spec.others == Others::kNamespace && S_ISREG(type);
    uint64_t namespace_inode = 0;
    if (of_namespace) {
      // Without one, the number is only not that of a lookup.
      const Scope scope = row != nullptr ? row->scope : found.spec.scope;
      const auto [known, asked] = namespaces.try_emplace(scope, 0);
      if (asked) {
        known->second = view_.kernel().NamespaceOf(caller, scope).value_or(0);
      }
      namespace_inode = known->second;
    }
    entries.push_back({.name = name,
                       .node = NodeNumber(path, namespace_inode),
                       .type = type,
                       .fixed = !of_namespace});
  }
  return entries;
}

absl::StatusOr<std::string> EmulatedTree::ReadLink(const fuse::Caller& caller,
                                                   fuse::NodeId node) {
  SYSBOX_ASSIGN_OR_RETURN(ServedNode found, Find(caller, node));
  if (!S_ISLNK(found.spec.mode)) return ErrnoStatus(EINVAL, "read link");
  if (found.spec.content == Content::kLink) {
    return std::string(found.spec.initial);
  }
  SYSBOX_ASSIGN_OR_RETURN(
      Fd directory,
      view_.kernel().Open(caller, found.spec.scope, ParentOf(found.path),
                          O_RDONLY | O_DIRECTORY));
  return ReadLinkAt(directory, found.path.substr(found.path.rfind('/') + 1));
}

}  // namespace

std::unique_ptr<fuse::Tree> MakeEmulatedTree(ContainerView& view,
                                             Superblock superblock) {
  return std::make_unique<EmulatedTree>(view, superblock);
}

}  // namespace sysbox::emu
