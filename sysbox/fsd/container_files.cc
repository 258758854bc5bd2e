#include "sysbox/fsd/container_files.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sysbox/emu/emulated_tree.h"
#include "sysbox/emu/views/container_resources.h"

namespace sysbox::fsd {
namespace {

class RegistryValues : public emu::StoredValues {
 public:
  explicit RegistryValues(registry::ValueStore& store) : store_(store) {}
  std::optional<std::string> Get(std::string_view path) const override {
    return store_.Get(path);
  }
  absl::Status Set(std::string_view path, std::string value) override {
    return store_.Set(path, std::move(value));
  }

 private:
  registry::ValueStore& store_;
};

class RegisteredView : public emu::ContainerView {
 public:
  RegisteredView(HostSide& host, std::shared_ptr<registry::Container> container)
      : container_(std::move(container)),
        values_(container_->values()),
        kernel_(MakeKernelFiles(host.home, *container_)),
        host_writes_(host.writes.get()),
        resources_(*host.resources) {}

  emu::ContainerFacts facts() const override {
    const registry::ContainerInit init = container_->init();
    return {.id = container_->id(),
            .root_uid = container_->root_uid(),
            .root_gid = container_->root_gid(),
            .init = init.pid,
            .started_ns = init.started_ns};
  }
  emu::StoredValues& values() override { return values_; }
  emu::KernelFiles& kernel() override { return *kernel_; }
  emu::HostWrites* host_writes() override { return host_writes_; }
  emu::views::ContainerResources& resources() override { return resources_; }

 private:
  std::shared_ptr<registry::Container> container_;
  RegistryValues values_;
  std::unique_ptr<emu::KernelFiles> kernel_;
  emu::HostWrites* host_writes_;  // may be null
  emu::views::ContainerResources resources_;
};

struct ViewAndTree {
  std::shared_ptr<emu::ContainerView> view;
  std::unique_ptr<fuse::Tree> tree;
};

}  // namespace

std::shared_ptr<emu::ContainerView> MakeContainerView(
    HostSide& host, std::shared_ptr<registry::Container> container) {
  return std::make_shared<RegisteredView>(host, std::move(container));
}

std::shared_ptr<fuse::Tree> MakeTree(std::shared_ptr<emu::ContainerView> view,
                                     emu::Superblock superblock) {
  auto both = std::make_shared<ViewAndTree>();
  both->tree = emu::MakeEmulatedTree(*view, superblock);
  both->view = std::move(view);
  fuse::Tree* tree = both->tree.get();
  return std::shared_ptr<fuse::Tree>(std::move(both), tree);
}

}  // namespace sysbox::fsd
