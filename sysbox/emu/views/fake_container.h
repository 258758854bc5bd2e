// For tests: a container whose host is a directory: its procfs, sysfs and
// cgroup hierarchies are plain files there, which the test writes.
#ifndef SYSBOX_EMU_VIEWS_FAKE_CONTAINER_H_
#define SYSBOX_EMU_VIEWS_FAKE_CONTAINER_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::emu::views {

enum class CgroupLayout { kV1, kV2 };

// Four CPUs, 8 GiB of memory, 1 GiB of swap. The container's cgroup is
// /docker/web; its init is process 100, its start second 1000 of the boot
// clock.
class FakeContainer : public ContainerView {
 public:
  static constexpr pid_t kInit = 100;

  explicit FakeContainer(CgroupLayout layout);

  // `path` below the directory: "proc/stat", "cgroup/memory/docker/...".
  void Write(std::string_view path, std::string_view content);
  // A process in the container's pid namespace (0: a new one) and `cgroup`.
  void AddProcess(pid_t pid, pid_t same_namespace_as, std::string_view cgroup);
  // What a process is served.
  std::string Generate(Generator generator, pid_t caller = kInit);

  ContainerFacts facts() const override { return facts_; }
  StoredValues& values() override;
  KernelFiles& kernel() override;
  ContainerResources& resources() override { return resources_; }

  ContainerFacts facts_;

 private:
  testing::TempDir directory_;
  HostResources host_;
  ContainerResources resources_;
};

// The value of "key: N kB" in a meminfo; fails the test if there is none.
uint64_t MeminfoValue(std::string_view text, std::string_view key);

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_FAKE_CONTAINER_H_
