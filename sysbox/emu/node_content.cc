#include "sysbox/emu/node_content.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/write_check.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu {
namespace {

absl::Status Denied(const ServedNode& node, std::string_view what) {
  return ErrnoStatus(EACCES, fmt::format("{} {}", what, node.path));
}

// Without the newline.
absl::StatusOr<std::string> PrivateValue(ContainerView& view,
                                         const fuse::Caller& caller,
                                         const ServedNode& node) {
  if (std::optional<std::string> stored = view.values().Get(node.path)) {
    return *std::move(stored);
  }
  absl::StatusOr<std::string> host =
      view.kernel().Read(caller, Scope::kHost, node.path);
  if (!host.ok() && !node.spec.initial.empty()) {
    return std::string(node.spec.initial);
  }
  if (host.ok() && !host->empty() && host->back() == '\n') host->pop_back();
  return host;
}

absl::Status TellHost(ContainerView& view, const ServedNode& node,
                      std::string_view value) {
  HostWrites* host = view.host_writes();
  if (host == nullptr || !host->Allows(node.path)) return absl::OkStatus();
  if (node.spec.host_write == HostWrite::kSet) {
    return host->Set(node.path, value);
  }
  const std::optional<uint64_t> number = ParseUint64(value);
  // A negative one is no limit to be raised to.
  return number ? host->Raise(node.path, *number) : absl::OkStatus();
}

absl::Status Store(ContainerView& view, const fuse::Caller& caller,
                   const ServedNode& node, std::string_view data) {
  SYSBOX_ASSIGN_OR_RETURN(std::string old, PrivateValue(view, caller, node));
  SYSBOX_ASSIGN_OR_RETURN(std::string value,
                          AcceptWrite(node.spec.check, data, old), "write {}",
                          node.path);
  if (node.spec.host_write != HostWrite::kNever) {
    SYSBOX_RETURN_IF_ERROR(TellHost(view, node, value), "the host's {}",
                           node.path);
  }
  SYSBOX_RETURN_IF_ERROR(view.values().Set(node.path, std::move(value)));
  if (node.spec.zeroes.empty()) return absl::OkStatus();
  return view.values().Set(node.spec.zeroes, "0");
}

bool IsText(const NodeSpec& spec) {
  return spec.check.kind == Check::Kind::kText || spec.scope == Scope::kUts;
}

// `data` as if it had been written at the beginning; nullopt: no effect.
absl::StatusOr<std::optional<std::string>> AtBeginning(
    ContainerView& view, const fuse::Caller& caller, const ServedNode& node,
    std::string_view data, uint64_t offset) {
  if (offset == 0) return std::optional(std::string(data));
  std::optional<std::string> none;
  if (!IsText(node.spec)) return none;
  SYSBOX_ASSIGN_OR_RETURN(std::string old, ReadNode(view, caller, node));
  if (!old.empty() && old.back() == '\n') old.pop_back();
  if (offset > old.size()) return none;
  return std::optional(old.substr(0, offset).append(data));
}

}  // namespace

absl::StatusOr<std::string> ReadNode(ContainerView& view,
                                     const fuse::Caller& caller,
                                     const ServedNode& node) {
  const NodeSpec& spec = node.spec;
  if (!(spec.mode & (S_IRUSR | S_IRGRP | S_IROTH))) {
    return Denied(node, "read");
  }
  switch (spec.content) {
    case Content::kPrivate: {
      SYSBOX_ASSIGN_OR_RETURN(std::string value,
                              PrivateValue(view, caller, node));
      return value + "\n";
    }
    case Content::kHost:
      if (!(spec.mode & S_IROTH)) return Denied(node, "read");
      if (spec.read_others) return spec.read_others(view, caller, node.path);
      return view.kernel().Read(caller, Scope::kHost, node.path);
    case Content::kNamespace:
      return view.kernel().Read(caller, spec.scope, node.path);
    case Content::kGenerated:
      return spec.generate(view, caller);
    case Content::kDirectory:
      return ErrnoStatus(EISDIR, fmt::format("read {}", node.path));
    case Content::kLink:
    case Content::kHidden:
      break;
  }
  return ErrnoStatus(ENOENT, fmt::format("read {}", node.path));
}

absl::StatusOr<std::string> ReadLargeNode(ContainerView& view,
                                          const fuse::Caller& caller,
                                          const ServedNode& node,
                                          uint64_t offset, size_t size) {
  if (!(node.spec.mode & S_IROTH)) return Denied(node, "read");
  SYSBOX_ASSIGN_OR_RETURN(
      const Fd file,
      view.kernel().Open(caller, node.spec.scope, node.path, O_RDONLY));
  return ReadRange(file, offset, size);
}

absl::Status WriteNode(ContainerView& view, const fuse::Caller& caller,
                       const ServedNode& node, std::string_view data,
                       uint64_t offset) {
  const NodeSpec& spec = node.spec;
  if (spec.writing == Writing::kRefused) return Denied(node, "write");
  SYSBOX_ASSIGN_OR_RETURN(std::optional<std::string> whole,
                          AtBeginning(view, caller, node, data, offset));
  if (!whole) return absl::OkStatus();
  switch (spec.writing) {
    case Writing::kStored:
      return Store(view, caller, node, *whole);
    case Writing::kNamespace:
      return view.kernel().Write(caller, spec.scope, node.path, *whole);
    case Writing::kDiscarded:
      return AcceptWrite(spec.check, *whole, "0").status();
    case Writing::kComputed:
      return spec.write(view, caller, *whole);
    case Writing::kRefused:
      break;
  }
  return Denied(node, "write");
}

}  // namespace sysbox::emu
