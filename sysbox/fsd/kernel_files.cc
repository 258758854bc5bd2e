#include "sysbox/fsd/kernel_files.h"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/fsd/namespace_visit.h"
#include "sysbox/linux/file.h"

namespace sysbox::fsd {
namespace {

// Those that a thread may enter alone.
absl::StatusOr<NamespaceType> TypeOf(emu::Scope scope) {
  switch (scope) {
    case emu::Scope::kNetwork:
      return NamespaceType::kNetwork;
    case emu::Scope::kIpc:
      return NamespaceType::kIpc;
    case emu::Scope::kUts:
      return NamespaceType::kUts;
    case emu::Scope::kUser:
    case emu::Scope::kPid:
    case emu::Scope::kHost:
      break;
  }
  return ErrnoStatus(EOPNOTSUPP, "enter a user or pid namespace");
}

// Of more numbers than there are in a value, the kernel takes the first and
// says how many bytes these were. Whoever writes the rest after it does so to
// no effect.
absl::Status WriteValue(std::string_view path, std::string_view data) {
  SYSBOX_ASSIGN_OR_RETURN(const Fd file, Open(path, {.flags = O_WRONLY}));
  return WriteSome(file, data).status();
}

class ThreadKernelFiles : public emu::KernelFiles {
 public:
  ThreadKernelFiles(const HomeNamespaces& home,
                    const registry::Container& container)
      : home_(home), container_(container) {}

  absl::StatusOr<std::string> Read(const fuse::Caller& caller, emu::Scope scope,
                                   std::string_view path) override {
    return Within<absl::StatusOr<std::string>>(caller, scope, Access::kRead,
                                               [&] { return ReadFile(path); });
  }
  absl::Status Write(const fuse::Caller& caller, emu::Scope scope,
                     std::string_view path, std::string_view data) override {
    // The host's own files are nobody's to write from here; nor is a
    // namespace's value for nobody in particular.
    if (scope == emu::Scope::kHost || caller.pid <= 0) {
      return ErrnoStatus(EPERM, path);
    }
    return Within<absl::Status>(
        caller, scope, Access::kWrite, [&]() -> absl::Status {
          if (scope != emu::Scope::kIpc) return WriteValue(path, data);
          SYSBOX_ASSIGN_OR_RETURN(const EffectiveUser user,
                                  EffectiveUser::Assume(caller.uid));
          return WriteValue(path, data);
        });
  }
  absl::StatusOr<Fd> Open(const fuse::Caller& caller, emu::Scope scope,
                          std::string_view path, int flags) override {
    return Within<absl::StatusOr<Fd>>(caller, scope, Access::kRead, [&] {
      return sysbox::Open(path, {.flags = flags});
    });
  }

  absl::StatusOr<uint64_t> NamespaceOf(const fuse::Caller& caller,
                                       emu::Scope scope) override {
    if (scope == emu::Scope::kHost) return uint64_t{0};
    SYSBOX_ASSIGN_OR_RETURN(const NamespaceType type, TypeOf(scope));
    SYSBOX_ASSIGN_OR_RETURN(const CallerNamespace ns,
                            Find(caller, type, Access::kRead));
    return ns.id.inode;
  }

 private:
  absl::StatusOr<CallerNamespace> Find(const fuse::Caller& caller,
                                       NamespaceType type, Access access) {
    return OpenCallerNamespace(container_, caller, home_.Of(type), access);
  }

  template <typename Result, typename Body>
  Result Within(const fuse::Caller& caller, emu::Scope scope, Access access,
                Body body) {
    if (scope == emu::Scope::kHost) return body();
    SYSBOX_ASSIGN_OR_RETURN(const NamespaceType type, TypeOf(scope));
    SYSBOX_ASSIGN_OR_RETURN(const CallerNamespace ns,
                            Find(caller, type, access));
    SYSBOX_ASSIGN_OR_RETURN(const NamespaceVisit visit,
                            NamespaceVisit::To(ns.fd, home_.Of(type).fd, type));
    return body();
  }

  const HomeNamespaces& home_;
  const registry::Container& container_;
};

}  // namespace

absl::StatusOr<HomeNamespaces::Place> HomeNamespaces::OpenOwn(
    NamespaceType type) {
  Place place;
  SYSBOX_ASSIGN_OR_RETURN(place.fd, OpenOwnNamespace(type));
  SYSBOX_ASSIGN_OR_RETURN(place.id, IdOf(place.fd));
  return place;
}

absl::StatusOr<HomeNamespaces> HomeNamespaces::Open() {
  HomeNamespaces home;
  SYSBOX_ASSIGN_OR_RETURN(home.network_, OpenOwn(NamespaceType::kNetwork));
  SYSBOX_ASSIGN_OR_RETURN(home.ipc_, OpenOwn(NamespaceType::kIpc));
  SYSBOX_ASSIGN_OR_RETURN(home.uts_, OpenOwn(NamespaceType::kUts));
  return home;
}

Home HomeNamespaces::Of(NamespaceType type) const {
  const Place& place = type == NamespaceType::kNetwork ? network_
                       : type == NamespaceType::kIpc   ? ipc_
                                                       : uts_;
  return {type, place.fd, place.id};
}

std::unique_ptr<emu::KernelFiles> MakeKernelFiles(
    const HomeNamespaces& home, const registry::Container& container) {
  return std::make_unique<ThreadKernelFiles>(home, container);
}

}  // namespace sysbox::fsd
