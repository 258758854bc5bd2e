#include "sysbox/fuse/toy_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"

namespace sysbox::fuse {
namespace {

enum : NodeId {
  kValue = 2,
  kLong,
  kCount,
  kWho,
  kSlow,
  kComing,
  kBroken,
  kLink,
  kDirectory,
  kFirstNumber = 1000,
};
constexpr int kNumbers = 300;

struct Row {
  std::string_view name;
  NodeId node;
  mode_t mode;
};
constexpr Row kRows[] = {
    {"value", kValue, S_IFREG | 0644},   {"long", kLong, S_IFREG | 0444},
    {"count", kCount, S_IFREG | 0444},   {"who", kWho, S_IFREG | 0444},
    {"slow", kSlow, S_IFREG | 0444},     {"coming", kComing, S_IFREG | 0444},
    {"broken", kBroken, S_IFREG | 0444}, {"link", kLink, S_IFLNK | 0777},
    {"dir", kDirectory, S_IFDIR | 0555},
};

absl::Status NoEntry(std::string_view name) {
  return ErrnoStatus(ENOENT, name);
}

}  // namespace

absl::StatusOr<Attributes> ToyTree::Lookup(const Caller& caller,
                                           NodeId directory,
                                           std::string_view name) {
  if (directory == kDirectory) {
    const auto number = ParseUint64(name);
    if (!number || *number >= kNumbers) return NoEntry(name);
    return Get(caller, kFirstNumber + *number);
  }
  for (const Row& row : kRows) {
    if (row.name == name) return Get(caller, row.node);
  }
  ++calls_;
  return NoEntry(name);
}

absl::StatusOr<Attributes> ToyTree::Get(const Caller& caller, NodeId node) {
  ++calls_;
  Attributes attributes = {.node = node, .mode = S_IFREG | 0444};
  if (node == kRootNode) attributes.mode = S_IFDIR | 0555;
  for (const Row& row : kRows) {
    if (row.node == node) attributes.mode = row.mode;
  }
  if (node == kComing) {
    if (!present_) return NoEntry("coming");
    attributes.fixed = false;
  }
  if (S_ISREG(attributes.mode) && node != kSlow && node != kBroken &&
      node != kCount) {
    attributes.size = ContentOf(node, caller).size();
  }
  absl::MutexLock lock(&mu_);
  attributes.changed.tv_sec = 1'000'000'000 + version_;
  if (ListsAnew(node)) attributes.changed.tv_nsec = calls_;
  return attributes;
}

std::string ToyTree::ContentOf(NodeId node, const Caller& caller) {
  if (node >= kFirstNumber) return fmt::format("{}\n", node - kFirstNumber);
  if (node == kWho) {
    return fmt::format("{} {} {}\n", caller.pid, caller.uid, caller.gid);
  }
  if (node == kLong) {
    std::string text;
    const std::string line = fmt::format("{:030}.\n", counter_++);
    for (int i = 0; i < kLongLines; ++i) text += line;
    return text;
  }
  if (node == kCount) return fmt::format("{}\n", counter_++);
  if (node == kComing) return "here\n";
  return value();
}

absl::StatusOr<std::string> ToyTree::Read(const Caller& caller, NodeId node) {
  ++calls_;
  ++reads_;
  if (node == kBroken) return Internal("broken");
  if (node == kSlow) {
    ++slow_readers_;
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(&let_slow_));
    return "slow\n";
  }
  return ContentOf(node, caller);
}

absl::Status ToyTree::Write(const Caller&, NodeId node, std::string_view data,
                            uint64_t offset) {
  ++calls_;
  if (node != kValue) return ErrnoStatus(EACCES, "write");
  if (offset != 0) return ErrnoStatus(EINVAL, "write at an offset");
  if (!data.empty() && data.back() == '\n') data.remove_suffix(1);
  const auto number = ParseUint64(data);
  if (!number) return ErrnoStatus(EINVAL, "write what is no number");
  SetValue(fmt::format("{}\n", *number));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DirectoryEntry>> ToyTree::List(const Caller&,
                                                          NodeId directory) {
  ++calls_;
  std::vector<DirectoryEntry> entries;
  if (directory == kDirectory) {
    for (int i = 0; i < kNumbers; ++i) {
      entries.push_back({fmt::format("{}", i),
                         kFirstNumber + static_cast<NodeId>(i), S_IFREG});
    }
    return entries;
  }
  for (const Row& row : kRows) {
    if (row.node == kComing && !present_) continue;
    entries.push_back({std::string(row.name), row.node, row.mode & S_IFMT});
  }
  return entries;
}

absl::StatusOr<std::string> ToyTree::ReadLink(const Caller&, NodeId) {
  ++calls_;
  return "value";
}

bool ToyTree::TellsOfChanges(NodeId node) { return node == kValue; }

bool ToyTree::ListsAnew(NodeId node) {
  return node == kRootNode && lists_anew_;
}

void ToyTree::SetValue(std::string_view value) {
  absl::MutexLock lock(&mu_);
  value_ = value;
  ++version_;
}

std::string ToyTree::value() const {
  absl::MutexLock lock(&mu_);
  return value_;
}

void ToyTree::LetSlow() {
  absl::MutexLock lock(&mu_);
  let_slow_ = true;
}

}  // namespace sysbox::fuse
