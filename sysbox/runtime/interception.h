// Whether a container's calls are trapped, and which. Pure.
#ifndef SYSBOX_RUNTIME_INTERCEPTION_H_
#define SYSBOX_RUNTIME_INTERCEPTION_H_

#include "sysbox/api/manager.h"
#include "sysbox/oci/spec.h"
#include "sysbox/syscont/options.h"
#include "sysbox/trap/table.h"

namespace sysbox::runtime {

// A manager wants to, and the spec's profile does not notify a listener of its
// own: the kernel gives a process one only.
bool Intercepted(const api::Registered& registered, const oci::Spec& spec);

// `spec` as the user has it or as converted: its resources are the same.
trap::TrapOptions TrapOptionsOf(const syscont::Options& options,
                                const oci::Spec& spec);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_INTERCEPTION_H_
