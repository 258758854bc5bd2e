#include "sysbox/emu/served_node.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/node_numbers.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu {
namespace {

constexpr mode_t kWriteBits = 0222;

bool IsInSysfs(std::string_view path) { return path.substr(0, 5) == "/sys/"; }

absl::Status Nothing(std::string_view path) {
  return ErrnoStatus(ENOENT, fmt::format("look up {}", path));
}

absl::StatusOr<struct stat> StatKernelFile(ContainerView& view,
                                           const fuse::Caller& caller,
                                           Scope scope, std::string_view path) {
  SYSBOX_ASSIGN_OR_RETURN(
      Fd file, view.kernel().Open(caller, scope, path, O_PATH | O_NOFOLLOW));
  return Stat(file);
}

// Namespaces have owners; the host's root stands for the container's.
void SetOwner(const struct stat& stat, ServedNode& node) {
  if (stat.st_uid != 0) node.uid = stat.st_uid;
  if (stat.st_gid != 0) node.gid = stat.st_gid;
}

bool Shows(Others others, mode_t type) {
  return others != Others::kHostDirectories || S_ISDIR(type);
}

// The kernel's own file, as `others` of its directory shows it.
absl::StatusOr<ServedNode> FindOther(ContainerView& view,
                                     const fuse::Caller& caller,
                                     const NodeSpec& directory,
                                     std::string_view path) {
  if (directory.hides != nullptr && ParentOf(path) == directory.path &&
      directory.hides(view, caller, path.substr(directory.path.size() + 1))) {
    return Nothing(path);
  }
  SYSBOX_ASSIGN_OR_RETURN(struct stat stat,
                          StatKernelFile(view, caller, directory.scope, path));
  if (!Shows(directory.others, stat.st_mode)) return Nothing(path);
  ServedNode node;
  node.path = std::string(path);
  node.spec.mode = stat.st_mode;
  node.spec.scope = directory.scope;
  node.spec.others = directory.others;
  node.spec.restless = directory.restless;
  node.spec.hides = directory.hides;
  node.spec.read_others = directory.read_others;
  node.spec.large = directory.large;
  node.size = static_cast<uint64_t>(stat.st_size);
  node.spec.presence = Presence::kAlways;
  if (S_ISDIR(stat.st_mode)) {
    node.spec.content = Content::kDirectory;
  } else if (directory.others == Others::kNamespace) {
    node.spec.content = Content::kNamespace;
    SetOwner(stat, node);
    if (stat.st_mode & kWriteBits) node.spec.writing = Writing::kNamespace;
  } else {
    node.spec.content = Content::kHost;
    if (!S_ISLNK(stat.st_mode)) node.spec.mode &= ~kWriteBits;
    // What can be written is a parameter, not a counter: the administrator's
    // later changes are not worth asking for at each read.
    node.spec.steady = (stat.st_mode & kWriteBits) != 0 && !IsInSysfs(path);
    // What the host keeps for its root, the container's root does not get.
    if (!(stat.st_mode & S_IROTH)) node.spec.mode &= ~(S_IRWXG | S_IRWXO);
  }
  return node;
}

// Whether the row counts. False, too, if it gives way to the namespace's.
bool IsPresent(ContainerView& view, const fuse::Caller& caller,
               const NodeSpec& row) {
  switch (row.presence) {
    case Presence::kAlways:
      return true;
    case Presence::kIfHostHas:
      // Nobody mounts what the kernel does not have, and a namespace is asked
      // for its files later.
      return row.binding == Binding::kServed ||
             row.content == Content::kNamespace ||
             StatKernelFile(view, caller, Scope::kHost, row.path).ok();
    case Presence::kIfNamespaceLacks: {
      const NodeSpec* directory = GoverningDirectory(row.path);
      return directory == nullptr ||
             !StatKernelFile(view, caller, directory->scope, row.path).ok();
    }
  }
  return false;
}

ServedNode NodeOf(std::string_view path, const NodeSpec& spec) {
  ServedNode node;
  node.path = std::string(path);
  node.spec = spec;
  return node;
}

bool IsOfSuperblock(const NodeSpec& row, Superblock superblock) {
  return row.content == Content::kDirectory || row.superblock == superblock;
}

absl::StatusOr<ServedNode> FindSpec(ContainerView& view, Superblock superblock,
                                    const fuse::Caller& caller,
                                    std::string_view path) {
  const NodeSpec* row = FindRow(path);
  if (row != nullptr) {
    if (row->content == Content::kHidden || !IsOfSuperblock(*row, superblock)) {
      return Nothing(path);
    }
    if (IsPresent(view, caller, *row)) {
      return NodeOf(path, *row);
    }
    if (row->presence == Presence::kIfHostHas) return Nothing(path);
  }
  const NodeSpec* directory = GoverningDirectory(path);
  if (directory != nullptr && directory->others != Others::kNothing) {
    return FindOther(view, caller, *directory, path);
  }
  if (path == "/" || !RowsBelow(path).empty()) {
    return NodeOf(path, Always(Directory({}, Others::kNothing)));
  }
  return Nothing(path);
}

// The owner and mode of a row's file in the caller's namespace.
absl::Status FindOwner(ContainerView& view, const fuse::Caller& caller,
                       ServedNode& node) {
  SYSBOX_ASSIGN_OR_RETURN(
      struct stat stat,
      StatKernelFile(view, caller, node.spec.scope, node.path));
  node.spec.mode = stat.st_mode;
  SetOwner(stat, node);
  return absl::OkStatus();
}

// Names in a directory, with the row where the name is a row's own.
using Rows = std::map<std::string, const NodeSpec*>;

enum class Types { kOfOthers, kOfNone };

// The names of one of the kernel's directories; none if it is not there. The
// type is 0 for names with rows, which know theirs, and where none is asked
// for: of the host's root, say, nothing is touched.
absl::StatusOr<std::map<std::string, mode_t>> KernelNames(
    ContainerView& view, const fuse::Caller& caller, Scope scope,
    std::string_view path, const Rows& rows, Types types) {
  std::map<std::string, mode_t> found;
  absl::StatusOr<Fd> directory =
      view.kernel().Open(caller, scope, path, O_RDONLY | O_DIRECTORY);
  if (ErrnoOf(directory.status()) == ENOENT) return found;
  SYSBOX_RETURN_IF_ERROR(directory.status());
  SYSBOX_ASSIGN_OR_RETURN(std::vector<std::string> names,
                          ListDirectory(*directory));
  for (std::string& name : names) {
    if (types == Types::kOfNone || rows.count(name) > 0) {
      found.emplace(std::move(name), 0);
      continue;
    }
    absl::StatusOr<struct stat> stat =
        StatAt(*directory, name, AT_SYMLINK_NOFOLLOW);
    // Gone since: an interface's directory.
    if (stat.ok()) found.emplace(std::move(name), stat->st_mode & S_IFMT);
  }
  return found;
}

// The names of rows in `path`.
Rows RowNames(std::string_view path) {
  Rows names;
  const size_t skip = path == "/" ? 1 : path.size() + 1;
  for (const NodeSpec& row : RowsBelow(path)) {
    const std::string_view rest = row.path.substr(skip);
    const size_t slash = rest.find('/');
    const NodeSpec*& entry = names[std::string(rest.substr(0, slash))];
    if (slash == rest.npos) entry = &row;
  }
  return names;
}

struct Listing {
  ContainerView& view;
  Superblock superblock;
  const fuse::Caller& caller;
  const ServedNode& directory;
  std::map<std::string, mode_t> others;  // what the kernel has, as of `others`
  std::map<std::string, mode_t> host;    // what it has for the host
};

// The type under which a row's name is listed; 0: not at all.
mode_t TypeOfRow(const Listing& listing, const std::string& name,
                 const NodeSpec* row) {
  if (row == nullptr) {  // rows lie below it
    return listing.directory.spec.others == Others::kNothing ||
                   listing.others.count(name) > 0
               ? S_IFDIR
               : 0;
  }
  if (row->content == Content::kHidden ||
      !IsOfSuperblock(*row, listing.superblock)) {
    return 0;
  }
  const bool served = row->presence == Presence::kAlways ||
                      row->presence == Presence::kIfNamespaceLacks ||
                      row->binding == Binding::kServed ||
                      listing.host.count(name) > 0;
  return served ? row->mode & S_IFMT : 0;
}

}  // namespace

absl::StatusOr<ServedNode> FindNode(ContainerView& view, Superblock superblock,
                                    const fuse::Caller& caller,
                                    std::string_view path) {
  SYSBOX_ASSIGN_OR_RETURN(ServedNode node,
                          FindSpec(view, superblock, caller, path));
  uint64_t namespace_inode = 0;
  if (node.spec.content == Content::kNamespace) {
    SYSBOX_ASSIGN_OR_RETURN(namespace_inode,
                            view.kernel().NamespaceOf(caller, node.spec.scope));
    if (!node.spec.path.empty()) {
      SYSBOX_RETURN_IF_ERROR(FindOwner(view, caller, node));
    }
  }
  node.number = NodeNumber(node.path, namespace_inode);
  return node;
}

absl::StatusOr<std::map<std::string, mode_t>> NamesIn(
    ContainerView& view, Superblock superblock, const fuse::Caller& caller,
    const ServedNode& directory) {
  Listing listing = {view, superblock, caller, directory, {}, {}};
  const NodeSpec& spec = directory.spec;
  const Rows rows = RowNames(directory.path);
  if (spec.others != Others::kNothing) {
    SYSBOX_ASSIGN_OR_RETURN(
        listing.others, KernelNames(view, caller, spec.scope, directory.path,
                                    rows, Types::kOfOthers));
  }
  std::erase_if(listing.others, [&](const auto& entry) {
    return rows.count(entry.first) == 0 && !Shows(spec.others, entry.second);
  });
  if (spec.hides != nullptr && spec.path == directory.path) {
    std::erase_if(listing.others, [&](const auto& entry) {
      return spec.hides(view, caller, entry.first);
    });
  }
  if (spec.others == Others::kHost || spec.others == Others::kHostDirectories) {
    listing.host = listing.others;
  } else if (!rows.empty()) {
    SYSBOX_ASSIGN_OR_RETURN(
        listing.host, KernelNames(view, caller, Scope::kHost, directory.path,
                                  rows, Types::kOfNone));
  }
  std::map<std::string, mode_t> names = listing.others;
  for (const auto& [name, row] : rows) {
    if (const mode_t type = TypeOfRow(listing, name, row)) {
      names[name] = type;
    } else {
      names.erase(name);
    }
  }
  return names;
}

}  // namespace sysbox::emu
