// The bundle directory of a `sysbox run`: the claim on the container's name
// for as long as that process lives. It is locked by its owner, so that one
// whose owner was killed is known, and may be taken over.
#ifndef SYSBOX_CLI_BOX_BUNDLE_H_
#define SYSBOX_CLI_BOX_BUNDLE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"

namespace sysbox::cli {

inline constexpr char kBoxBundles[] = "/run/sysbox/bundles";

// Settles what a dead owner may have left in `state_root`, under the bundle's
// name. An error keeps the bundle where it is.
using SettleLeftover = std::function<absl::Status(const std::string& root)>;

class BoxBundle {
 public:
  // Makes DIRECTORY/NAME, empty. One without an owner is removed before,
  // after `settle`. AlreadyExists while its owner lives.
  static absl::StatusOr<BoxBundle> Claim(const std::string& directory,
                                         const std::string& name,
                                         const std::string& state_root,
                                         const SettleLeftover& settle);
  // Removes DIRECTORY/NAME if it is there and has no owner.
  static absl::Status RemoveAbandoned(const std::string& directory,
                                      const std::string& name,
                                      const SettleLeftover& settle);

  BoxBundle(BoxBundle&&) = default;
  BoxBundle& operator=(BoxBundle&&) = delete;
  ~BoxBundle();  // removes it

  const std::string& path() const { return path_; }

 private:
  BoxBundle(std::string path, Fd owner)
      : path_(std::move(path)), owner_(std::move(owner)) {}
  std::string path_;
  Fd owner_;  // locked
};

}  // namespace sysbox::cli

#endif  // SYSBOX_CLI_BOX_BUNDLE_H_
