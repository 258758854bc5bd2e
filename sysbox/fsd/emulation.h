// Serves the emulated files of containers: two FUSE connections for each,
// answered by one pool of threads. Its own calls come from one thread.
#ifndef SYSBOX_FSD_EMULATION_H_
#define SYSBOX_FSD_EMULATION_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/fsd/container_files.h"
#include "sysbox/fsd/mount_pair.h"
#include "sysbox/fuse/server.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/registry/container_registry.h"
#include "sysbox/registry/descriptor_vault.h"

namespace sysbox::fsd {

class Emulation {
 public:
  // Starts the threads. `vault` may be null: then nothing outlives us.
  // `writes` may be null: then nothing that is written reaches the host.
  static absl::StatusOr<std::unique_ptr<Emulation>> Start(
      registry::DescriptorVault* vault,
      std::unique_ptr<emu::HostWrites> writes = nullptr);
  // Stops serving. What the vault holds can be served by a successor.
  ~Emulation();

  // From now on has ready what the next Serve needs.
  void MakeAhead();

  // Makes a container's filesystems and serves them from now on, until Drop
  // or until the last mount of them is gone.
  absl::StatusOr<api::EmulatedFilesystems> Serve(
      std::shared_ptr<registry::Container> container);
  // Goes on where a predecessor was: with what the vault kept. NotFound if
  // that is nothing.
  absl::Status Resume(std::shared_ptr<registry::Container> container);
  void Drop(const std::string& id);

  // A container's tree, for others than FUSE; null if there is none.
  std::shared_ptr<fuse::Tree> TreeOf(const std::string& id,
                                     emu::Superblock superblock) const;
  // Its view; null if there is none.
  std::shared_ptr<emu::ContainerView> ViewOf(const std::string& id) const;

 private:
  struct Served {
    std::shared_ptr<emu::ContainerView> view;
    std::shared_ptr<fuse::Tree> static_tree;
    std::shared_ptr<fuse::Tree> live_tree;
    fuse::Server::Id static_id = 0;
    fuse::Server::Id live_id = 0;
    std::shared_ptr<const HeldMounts> mounts;  // null without MakeAhead
  };
  struct Devices {
    Fd static_files;
    Fd live_files;
  };
  Emulation(HostSide host, registry::DescriptorVault* vault)
      : host_(std::move(host)), vault_(vault) {}
  absl::Status Add(std::shared_ptr<registry::Container> container,
                   Devices devices, bool resumed);
  absl::Status Hold(const std::string& id, const Devices& devices);
  absl::Status HoldMounts(const std::string& id, const MountPair& pair);

  HostSide host_;
  registry::DescriptorVault* vault_;
  absl::flat_hash_map<std::string, Served> served_;  // by container id
  std::unique_ptr<fuse::Server> server_;             // before `served_` goes
  std::unique_ptr<MountsAhead> ahead_;  // null without MakeAhead; first to go
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_EMULATION_H_
