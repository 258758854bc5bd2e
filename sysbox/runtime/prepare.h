// The first half of `create`: the bundle read, checked, registered and
// converted, and every plan made. What it claims (the id, the ids' range, the
// cgroup) it gives back when dropped, unless kept.
#ifndef SYSBOX_RUNTIME_PREPARE_H_
#define SYSBOX_RUNTIME_PREPARE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"
#include "sysbox/launch/launch_plan.h"
#include "sysbox/oci/spec.h"
#include "sysbox/oci/state.h"
#include "sysbox/runtime/create.h"
#include "sysbox/syscont/options.h"

namespace sysbox::runtime {

// config.json, read and checked, before anything is claimed.
struct CheckedBundle {
  oci::Spec spec;
  std::string rootfs;  // absolute
  syscont::Options syscont;
  bool has_systemd = false;  // settled when it is converted
};
absl::StatusOr<CheckedBundle> CheckBundle(const CreateOptions& options);

// The user namespace that owns a network namespace the spec joins, when that
// is not the host's; invalid otherwise. Its holder shares it with us.
absl::StatusOr<Fd> SharedUserNamespace(const oci::Spec& spec);

absl::StatusOr<api::Registered> RegisterContainer(const CreateOptions& options,
                                                  const CheckedBundle& bundle,
                                                  api::Manager& manager);

// For createContainer's hooks; empty without any.
absl::StatusOr<launch::Bundle> BundleForHooks(const CreateOptions& options,
                                              const oci::Spec& spec);

// The state as it is before launch: no init yet.
oci::StateFile InitialState(const CreateOptions& options,
                            const CheckedBundle& bundle,
                            const oci::Spec& converted,
                            const api::Registered& registered);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_PREPARE_H_
