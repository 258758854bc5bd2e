// The one place that writes the host's own parameters, and only those that
// the administrator named (--allow-host-writes). Thread-safe.
#ifndef SYSBOX_FSD_HOST_WRITES_H_
#define SYSBOX_FSD_HOST_WRITES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/emu/container_view.h"
#include "sysbox/emu/host_write_policy.h"

namespace sysbox::fsd {

class AllowedHostWrites : public emu::HostWrites {
 public:
  // Below `root`: the host's own, other than in tests.
  explicit AllowedHostWrites(emu::HostWritePolicy policy, std::string root = "")
      : policy_(std::move(policy)), root_(std::move(root)) {}

  bool Allows(std::string_view path) const override;
  absl::Status Raise(std::string_view path, uint64_t value) override;
  absl::Status Set(std::string_view path, std::string_view value) override;

 private:
  const emu::HostWritePolicy policy_;
  const std::string root_;
  absl::Mutex mu_;
  // What was asked for at most: of two that raise a value at once, the one
  // that writes last writes what the other wants, too.
  std::map<std::string, uint64_t, std::less<>> highest_ ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::fsd

#endif  // SYSBOX_FSD_HOST_WRITES_H_
