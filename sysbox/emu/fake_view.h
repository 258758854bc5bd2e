// A ContainerView for tests: the kernel's files are those below a directory,
// one subdirectory for each scope ("host", "network", "ipc", "uts").
#ifndef SYSBOX_EMU_FAKE_VIEW_H_
#define SYSBOX_EMU_FAKE_VIEW_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/cgroups/hierarchy.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/fd.h"

namespace sysbox::emu {

class FakeView : public ContainerView, StoredValues, KernelFiles {
 public:
  explicit FakeView(std::string root)
      : root_(std::move(root)),
        host_({root_ + "/host/proc", root_ + "/host/sys",
               cgroups::Hierarchies()}) {}

  // Makes or replaces the kernel's file `path` of `scope`; directories above
  // it are made.
  void Put(Scope scope, std::string_view path, std::string_view text,
           mode_t mode = 0644);
  std::string TextOf(Scope scope, std::string_view path) const;
  std::map<std::string, std::string>& stored() { return stored_; }
  // 0: the caller is in the host's own namespaces.
  void set_namespace(uint64_t inode) { namespace_ = inode; }

  ContainerFacts facts() const override;
  StoredValues& values() override { return *this; }
  KernelFiles& kernel() override { return *this; }
  void set_host_writes(HostWrites* writes) { host_writes_ = writes; }
  HostWrites* host_writes() override { return host_writes_; }
  // Of the host's files as Put; there are no cgroups.
  views::ContainerResources& resources() override { return resources_; }

 private:
  std::optional<std::string> Get(std::string_view path) const override;
  absl::Status Set(std::string_view path, std::string value) override;
  absl::StatusOr<std::string> Read(const fuse::Caller& caller, Scope scope,
                                   std::string_view path) override;
  absl::Status Write(const fuse::Caller& caller, Scope scope,
                     std::string_view path, std::string_view data) override;
  absl::StatusOr<Fd> Open(const fuse::Caller& caller, Scope scope,
                          std::string_view path, int flags) override;
  absl::StatusOr<uint64_t> NamespaceOf(const fuse::Caller& caller,
                                       Scope scope) override;
  std::string PathOf(Scope scope, std::string_view path) const;

  std::string root_;
  views::HostResources host_;
  views::ContainerResources resources_{host_};
  HostWrites* host_writes_ = nullptr;
  std::map<std::string, std::string> stored_;
  std::atomic<uint64_t> namespace_ = 4026532000;  // servers ask for it
};

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_FAKE_VIEW_H_
