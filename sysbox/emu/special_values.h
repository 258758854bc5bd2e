// The few emulated files whose values obey more than a range.
#ifndef SYSBOX_EMU_SPECIAL_VALUES_H_
#define SYSBOX_EMU_SPECIAL_VALUES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::emu {

// Checks: the text to store for a write of `data` over `old`. Errors carry the
// kernel's errno.

// net.core.default_qdisc: ENOENT for one that Linux does not have.
absl::StatusOr<std::string> QueueDiscipline(std::string_view data,
                                            std::string_view old);
// kernel.yama.ptrace_scope: 0 to 3, and 3 is for good.
absl::StatusOr<std::string> PtraceScope(std::string_view data,
                                        std::string_view old);
// kernel.unprivileged_bpf_disabled: 0 to 2, and 1 is for good (EPERM).
absl::StatusOr<std::string> UnprivilegedBpf(std::string_view data,
                                            std::string_view old);
// Of sysfs: one of the words of `old`, in which the chosen one is bracketed.
absl::StatusOr<std::string> Choice(std::string_view data, std::string_view old);
// fs.pipe-max-size: rounded up to a power of two, a page to 2 GiB.
absl::StatusOr<std::string> PipeMaxSize(std::string_view data,
                                        std::string_view old);
// "MIN MAX" of net.ipv4.ping_group_range in 0..2147483647, MIN <= MAX.
absl::StatusOr<std::string> GroupRange(std::string_view data,
                                       std::string_view old);

// kernel.random.boot_id: one for each life of a container.
absl::StatusOr<std::string> BootId(ContainerView& view,
                                   const fuse::Caller& caller);

// Of the machine that the container is, the same in all its lives.
absl::StatusOr<std::string> ProductUuid(ContainerView& view,
                                        const fuse::Caller& caller);
absl::StatusOr<std::string> ProductSerial(ContainerView& view,
                                          const fuse::Caller& caller);

// In /sys/devices/system/cpu: cpuN of a CPU beyond the container's.
bool IsForeignCpu(ContainerView& view, const fuse::Caller& caller,
                  std::string_view name);

// net.ipv4.ping_group_range of the caller's network namespace, in the
// container's ids. systemd wants all ids up to 2147483647, which the kernel
// refuses where the user namespace does not map them; here a range is cut to
// the ids that the container has, and read back as it was written.
absl::StatusOr<std::string> ReadGroupRange(ContainerView& view,
                                           const fuse::Caller& caller);
absl::Status WriteGroupRange(ContainerView& view, const fuse::Caller& caller,
                             std::string_view data);
constexpr NodeSpec PingGroupRange(std::string_view path) {
  return {.path = path,
          .mode = S_IFREG | 0644,
          .superblock = Superblock::kLive,
          .content = Content::kGenerated,
          .writing = Writing::kComputed,
          .check = Special(&GroupRange),
          .generate = &ReadGroupRange,
          .write = &WriteGroupRange};
}

}  // namespace sysbox::emu

#endif  // SYSBOX_EMU_SPECIAL_VALUES_H_
