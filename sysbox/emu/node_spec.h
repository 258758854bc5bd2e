// One row of the table of emulated files: what is served at a path, how it is
// read and written, and what the container's init binds there. Data only; the
// table is node_table.h, what serves it emulated_tree.h.
//
// Adding a file is one row made by one of the functions at the end:
//     Private("/proc/sys/vm/swappiness", Ints(0, 200)),
//     Computed("/proc/meminfo", &views::Meminfo),
#ifndef SYSBOX_EMU_NODE_SPEC_H_
#define SYSBOX_EMU_NODE_SPEC_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// The whole text of a computed file, as of now, for `caller`.
using Generator = absl::StatusOr<std::string> (*)(ContainerView& view,
                                                  const fuse::Caller& caller);

// What a write must look like: the kernel's own rules. See write_check.h.
struct Check {
  enum class Kind {
    kNone,     // nothing may be written
    kInts,     // up to `count` of min..max
    kLongs,    // the same of unsigned long; a negative one changes nothing
    kText,     // a line of at most max bytes
    kWord,     // one of `words`; else ENOENT
    kSpecial,  // `normalise` judges
  };
  Kind kind = Kind::kNone;
  int count = 1;
  int64_t min = 0;
  uint64_t max = 0;             // as int64_t for kInts
  std::string_view words = {};  // separated by blanks
  // The text to store, without a newline; EINVAL if it is none.
  absl::StatusOr<std::string> (*normalise)(std::string_view data,
                                           std::string_view old) = nullptr;
};

enum class Superblock {
  kStatic,  // cached by the kernel: changes by itself only where asked anew
  kLive,    // generated at each open
};

// Where the text comes from.
enum class Content {
  kPrivate,    // the container's own; until written, `initial` or the host's
  kHost,       // the host's, as of now
  kNamespace,  // the kernel's, in the caller's namespace of `scope`
  kGenerated,  // `generate`
  kDirectory,  // not a file
};

// What becomes of an accepted write.
enum class Writing { kRefused, kStored, kNamespace, kDiscarded };

// What a directory shows besides the names that have rows.
enum class Others {
  kNothing,
  kHost,       // what the host has, read-only; nothing that is root's alone
  kNamespace,  // what the caller's namespace of `scope` has, writable as there
};

// When the file or directory exists.
enum class Presence {
  kIfHostHas,  // the running kernel has it, in its initial namespaces
  kAlways,
};

// What the container's init puts at the path.
enum class Binding {
  kNone,           // it lies in a directory that is bound
  kServed,         // ours
  kNative,         // the kernel's own again, upon a directory of ours
  kNativeIfOwned,  // the same where the kernel gives it to the container's
                   // root; else ours shows
};

struct NodeSpec {
  std::string_view path;
  mode_t mode = 0;  // with the type
  Superblock superblock = Superblock::kStatic;
  Content content = Content::kPrivate;
  Writing writing = Writing::kRefused;
  Check check = {};
  Scope scope = Scope::kHost;
  Generator generate = nullptr;
  std::string_view initial = {};  // of kPrivate; empty: the host's
  Others others = Others::kNothing;
  Presence presence = Presence::kIfHostHas;
  Binding binding = Binding::kNone;
  // A stored value that becomes "0" when this one is written, as of
  // vm.dirty_bytes and vm.dirty_ratio.
  std::string_view zeroes = {};
};

// Checks.
constexpr Check Ints(int64_t min = std::numeric_limits<int>::min(),
                     int64_t max = std::numeric_limits<int>::max(),
                     int count = 1) {
  return {.kind = Check::Kind::kInts,
          .count = count,
          .min = min,
          .max = static_cast<uint64_t>(max)};
}
constexpr Check Longs(uint64_t min = 0,
                      uint64_t max = std::numeric_limits<uint64_t>::max(),
                      int count = 1) {
  return {.kind = Check::Kind::kLongs,
          .count = count,
          .min = static_cast<int64_t>(min),
          .max = max};
}
constexpr Check Text(size_t max_bytes) {
  return {.kind = Check::Kind::kText, .max = max_bytes};
}
constexpr Check Words(std::string_view words) {
  return {.kind = Check::Kind::kWord, .words = words};
}

// Rows.
constexpr NodeSpec Private(std::string_view path, Check check,
                           mode_t mode = 0644) {
  return {.path = path,
          .mode = S_IFREG | mode,
          .writing = Writing::kStored,
          .check = check};
}
constexpr NodeSpec Namespaced(std::string_view path, Scope scope,
                              mode_t mode = 0644) {
  return {.path = path,
          .mode = S_IFREG | mode,
          .content = Content::kNamespace,
          .writing = mode & 0200 ? Writing::kNamespace : Writing::kRefused,
          .scope = scope};
}
// Bound one by one. In a bound directory: Within(Computed(...)).
constexpr NodeSpec Computed(std::string_view path, Generator generate,
                            mode_t mode = 0444) {
  return {.path = path,
          .mode = S_IFREG | mode,
          .superblock = Superblock::kLive,
          .content = Content::kGenerated,
          .generate = generate,
          .binding = Binding::kServed};
}
// A computed file whose text never changes in a container's life.
constexpr NodeSpec Fixed(std::string_view path, Generator generate,
                         mode_t mode = 0444) {
  NodeSpec row = Computed(path, generate, mode);
  row.superblock = Superblock::kStatic;
  return row;
}
// Bound as a whole.
constexpr NodeSpec Directory(std::string_view path, Others others,
                             Scope scope = Scope::kHost, mode_t mode = 0555) {
  return {.path = path,
          .mode = S_IFDIR | mode,
          .content = Content::kDirectory,
          .scope = scope,
          .others = others,
          .binding = Binding::kServed};
}
constexpr NodeSpec Within(NodeSpec row) {
  row.binding = Binding::kNone;
  return row;
}
constexpr NodeSpec Live(NodeSpec row) {
  row.superblock = Superblock::kLive;
  return row;
}
// Exists whether or not the running kernel has it.
constexpr NodeSpec Always(NodeSpec row) {
  row.presence = Presence::kAlways;
  return row;
}

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_NODE_SPEC_H_
