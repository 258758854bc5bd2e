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

#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// The whole text of a computed file, as of now, for `caller`.
using Generator = absl::StatusOr<std::string> (*)(ContainerView& view,
                                                  const fuse::Caller& caller);

// Takes one write of `data` that passed the row's check.
using Writer = absl::Status (*)(ContainerView& view, const fuse::Caller& caller,
                                std::string_view data);

// Whether a directory does not show the host's `name` to `caller`.
using Filter = bool (*)(ContainerView& view, const fuse::Caller& caller,
                        std::string_view name);

// The text of a file without a row in a directory that shows the host's.
using Reader = absl::StatusOr<std::string> (*)(ContainerView& view,
                                               const fuse::Caller& caller,
                                               std::string_view path);

// What a write must look like: the kernel's own rules. See write_check.h.
struct Check {
  enum class Kind {
    kNone,     // the kernel judges, or nothing may be written
    kInts,     // up to `count` of min..max
    kLongs,    // the same of unsigned long; a negative one changes nothing
    kText,     // a line, of which `max` bytes are kept
    kWord,     // one of `words`
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
  kPrivate,    // the container's own; until written, the host's or `initial`
  kHost,       // the host's, as of now
  kNamespace,  // the kernel's, in the caller's namespace of `scope`
  kGenerated,  // `generate`
  kDirectory,
  kLink,    // a symbolic link to `initial`
  kHidden,  // there is no such file or directory
};

// What becomes of an accepted write.
enum class Writing {
  kRefused,    // EACCES
  kStored,     // becomes the container's own value
  kNamespace,  // goes to the kernel, in the caller's namespace of `scope`
  kDiscarded,  // it was an order to the host, which the container cannot give
  kComputed,   // `write`
};

// What becomes of the host's value when one is stored here, if its
// administrator allows it (host_write_policy.h).
enum class HostWrite {
  kNever,
  kRaise,  // it is at least as great, from then on
  kSet,    // it is the same
};

// What a directory shows besides the names that have rows.
enum class Others {
  kNothing,
  kHost,  // what the host has, read-only; nothing that is root's alone
  kHostDirectories,  // of that only directories: no device, no attribute
  kNamespace,  // what the caller's namespace of `scope` has, writable as there
};

// When the file or directory exists.
enum class Presence {
  kIfHostHas,         // the running kernel has it, in its initial namespaces
  kIfNamespaceLacks,  // the caller's namespace does not have it: else the
                      // directory's `others` and `scope` say how it is served
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
  bool steady = false;  // of kHost: once read it may be cached for good
  bool ticks = false;   // of kGenerated and kStatic: changes by itself
  Generator generate = nullptr;
  Writer write = nullptr;
  std::string_view initial = {};  // of kPrivate, where the host has none;
                                  // of kLink
  Others others = Others::kNothing;
  // Of `others`: names come and go with interfaces, and are seen to at once.
  bool restless = false;
  Filter hides = nullptr;        // of `others`, in this directory only
  Reader read_others = nullptr;  // instead of the host's text as it is
  // Of `others`: read piece by piece, of the size that the kernel tells.
  bool large = false;
  Presence presence = Presence::kIfHostHas;
  Binding binding = Binding::kNone;
  // It hides the host's devices: not bound where a container is given some.
  bool hides_devices = false;
  HostWrite host_write = HostWrite::kNever;
  // A stored value that becomes 0 when this one is written, as of
  // vm.dirty_bytes and vm.dirty_ratio.
  std::string_view zeroes = {};
};

// Checks.
constexpr Check Ints(int64_t min = INT_MIN, int64_t max = INT_MAX,
                     int count = 1) {
  return {.kind = Check::Kind::kInts,
          .count = count,
          .min = min,
          .max = static_cast<uint64_t>(max)};
}
constexpr Check Longs(uint64_t min = 0, uint64_t max = ULONG_MAX,
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

constexpr Check Special(absl::StatusOr<std::string> (*normalise)(
    std::string_view, std::string_view)) {
  return {.kind = Check::Kind::kSpecial, .normalise = normalise};
}

// Files.
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
          .writing = Writing::kNamespace,
          .scope = scope};
}
// The host's, read-only.
constexpr NodeSpec HostValue(std::string_view path) {
  return {.path = path, .mode = S_IFREG | 0444, .content = Content::kHost};
}
// The same, if it never changes while the kernel runs.
constexpr NodeSpec Constant(std::string_view path) {
  NodeSpec row = HostValue(path);
  row.steady = true;
  return row;
}
// Write-only.
constexpr NodeSpec Discarded(std::string_view path, Check check, mode_t mode) {
  return {.path = path,
          .mode = S_IFREG | mode,
          .writing = Writing::kDiscarded,
          .check = check};
}
// The kernel's own, in a directory of ours. The row's value is only seen where
// that cannot be bound.
constexpr NodeSpec Native(std::string_view path, Check check, mode_t mode) {
  NodeSpec row = Private(path, check, mode);
  row.initial = "0";
  row.binding = Binding::kNative;
  return row;
}
constexpr NodeSpec NativeIfOwned(std::string_view path, Check check) {
  NodeSpec row = Private(path, check);
  row.binding = Binding::kNativeIfOwned;
  return row;
}
// Bound by itself, as a file without a directory of ours is.
constexpr NodeSpec Bound(NodeSpec row) {
  row.binding = Binding::kServed;
  return row;
}
// In a directory of ours that is bound as a whole.
constexpr NodeSpec Within(NodeSpec row) {
  row.binding = Binding::kNone;
  return row;
}
constexpr NodeSpec Computed(std::string_view path, Generator generate,
                            mode_t mode = 0444) {
  return Bound({.path = path,
                .mode = S_IFREG | mode,
                .superblock = Superblock::kLive,
                .content = Content::kGenerated,
                .generate = generate});
}
// A computed file whose text never changes in a container's life.
constexpr NodeSpec Fixed(std::string_view path, Generator generate,
                         mode_t mode = 0444) {
  NodeSpec row = Computed(path, generate, mode);
  row.superblock = Superblock::kStatic;
  return row;
}

// A computed file that says the same to every caller, changes by itself and may
// be some milliseconds old: many who read it at once ask once.
constexpr NodeSpec Ticking(std::string_view path, Generator generate) {
  NodeSpec row = Fixed(path, generate);
  row.ticks = true;
  return row;
}

// Directories, bound as a whole.
constexpr NodeSpec Directory(std::string_view path, Others others,
                             Scope scope = Scope::kHost, mode_t mode = 0555) {
  return Bound({.path = path,
                .mode = S_IFDIR | mode,
                .content = Content::kDirectory,
                .scope = scope,
                .others = others});
}
constexpr NodeSpec NativeDirectory(std::string_view path, mode_t mode) {
  NodeSpec row = Directory(path, Others::kNothing, Scope::kHost, mode);
  row.binding = Binding::kNative;
  return row;
}
constexpr NodeSpec Link(std::string_view path, std::string_view target) {
  return {.path = path,
          .mode = S_IFLNK | 0777,
          .content = Content::kLink,
          .initial = target};
}
constexpr NodeSpec Hidden(std::string_view path) {
  return {.path = path, .content = Content::kHidden};
}

// Variations.
constexpr NodeSpec Except(NodeSpec row, Filter hides) {
  row.hides = hides;
  return row;
}
constexpr NodeSpec ReadBy(NodeSpec row, Reader read_others) {
  row.read_others = read_others;
  return row;
}
constexpr NodeSpec Large(NodeSpec row) {
  row.large = true;
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
constexpr NodeSpec Otherwise(std::string_view initial, NodeSpec row) {
  row.presence = Presence::kAlways;
  row.initial = initial;
  return row;
}
constexpr NodeSpec WhereLacking(std::string_view initial, NodeSpec row) {
  row.presence = Presence::kIfNamespaceLacks;
  row.initial = initial;
  return row;
}
constexpr NodeSpec Restless(NodeSpec row) {
  row.restless = true;
  return row;
}
constexpr NodeSpec Raising(NodeSpec row) {
  row.host_write = HostWrite::kRaise;
  return row;
}
constexpr NodeSpec Setting(NodeSpec row) {
  row.host_write = HostWrite::kSet;
  return row;
}
constexpr NodeSpec HidingDevices(NodeSpec row) {
  row.hides_devices = true;
  return row;
}
// Of this value and `other`, the one written last counts.
constexpr NodeSpec Either(NodeSpec row, std::string_view other) {
  row.zeroes = other;
  return row;
}

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_NODE_SPEC_H_
