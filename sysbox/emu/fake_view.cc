#include "sysbox/emu/fake_view.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/linux/file.h"

namespace sysbox::emu {
namespace {

constexpr std::string_view kScopeNames[] = {"host", "network", "ipc",
                                            "uts",  "user",    "pid"};

// A test that cannot set up its files cannot go on.
void Insist(const absl::Status& status) {
  if (!status.ok()) std::abort();
}

}  // namespace

std::string FakeView::PathOf(Scope scope, std::string_view path) const {
  return fmt::format("{}/{}{}", root_, kScopeNames[static_cast<int>(scope)],
                     path);
}

void FakeView::Put(Scope scope, std::string_view path, std::string_view text,
                   mode_t mode) {
  const std::string file = PathOf(scope, path);
  Insist(MakeDirectories(ParentOf(file), 0755));
  Insist(ReplaceVolatileFile(file, text, mode));
}

std::string FakeView::TextOf(Scope scope, std::string_view path) const {
  return ReadFile(PathOf(scope, path)).value_or("?");
}

ContainerFacts FakeView::facts() const {
  return {.id = "0123456789ab",
          .root_uid = 300000,
          .root_gid = 400000,
          .init = 1,
          .started_ns = 5};
}

std::optional<std::string> FakeView::Get(std::string_view path) const {
  const auto found = stored_.find(std::string(path));
  if (found == stored_.end()) return std::nullopt;
  return found->second;
}

absl::Status FakeView::Set(std::string_view path, std::string value) {
  stored_[std::string(path)] = std::move(value);
  return absl::OkStatus();
}

absl::StatusOr<std::string> FakeView::Read(const fuse::Caller& caller,
                                           Scope scope, std::string_view path) {
  SYSBOX_RETURN_IF_ERROR(NamespaceOf(caller, scope));
  return ReadFile(PathOf(scope, path));
}

absl::Status FakeView::Write(const fuse::Caller& caller, Scope scope,
                             std::string_view path, std::string_view data) {
  SYSBOX_RETURN_IF_ERROR(NamespaceOf(caller, scope));
  Put(scope, path, data);
  return absl::OkStatus();
}

absl::StatusOr<Fd> FakeView::Open(const fuse::Caller& caller, Scope scope,
                                  std::string_view path, int flags) {
  SYSBOX_RETURN_IF_ERROR(NamespaceOf(caller, scope));
  return sysbox::Open(PathOf(scope, path), {.flags = flags});
}

absl::StatusOr<uint64_t> FakeView::NamespaceOf(const fuse::Caller&,
                                               Scope scope) {
  if (scope == Scope::kHost) return 0;
  if (namespace_ == 0) return ErrnoStatus(EPERM, "enter the host's namespace");
  return namespace_;
}

}  // namespace sysbox::emu
