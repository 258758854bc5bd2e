// Runs a piece of a test in a child process in new namespaces, on the real
// kernel. Nothing survives: the child's namespaces and their mounts die with
// it. Needs root.
#ifndef SYSBOX_TESTING_USER_NAMESPACE_H_
#define SYSBOX_TESTING_USER_NAMESPACE_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/fd.h"

namespace sysbox::testing {

// The host's ids that 0–65535 of a test's user namespace are mapped to.
inline constexpr uid_t kHostIdBase = 0x40000000;
inline constexpr uint32_t kHostIdCount = 65536;

// Runs `body` in a forked child as root of a new user namespace with the given
// further CLONE_NEW* namespaces, and returns its status. The child has the
// host's id kHostIdBase: files of the test's own root are somebody else's.
// With CLONE_NEWNS mounts are private; with CLONE_NEWPID the child is pid 1.
// In `body` return errors; Catch2's macros do not work there.
absl::Status RunInUserNamespace(uint64_t flags,
                                absl::FunctionRef<absl::Status()> body);

// The same with the host's user namespace and ids.
absl::Status RunInNamespaces(uint64_t flags,
                             absl::FunctionRef<absl::Status()> body);

// A user namespace without processes, mapped like the above.
absl::StatusOr<Fd> MakeUserNamespace();

}  // namespace sysbox::testing

// Inside such a body: returns an error with the place unless `condition`.
#define RETURN_UNLESS(...)                                                 \
  do {                                                                     \
    if (!(__VA_ARGS__)) {                                                  \
      return ::sysbox::Internal("{}:{}: not true: {}", __FILE__, __LINE__, \
                                #__VA_ARGS__);                             \
    }                                                                      \
  } while (false)

#endif  // SYSBOX_TESTING_USER_NAMESPACE_H_
