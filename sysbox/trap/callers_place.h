// The calling worker thread in the place of a trapped call's caller: its umask,
// file-system ids and groups, and its root and working directory where a path
// begins at the latter, so that paths and permissions mean what they mean to
// the caller, while the thread stays in the host's namespaces. Linux keeps all
// of that per thread.
#ifndef SYSBOX_TRAP_CALLERS_PLACE_H_
#define SYSBOX_TRAP_CALLERS_PLACE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/linux/capabilities.h"
#include "sysbox/linux/fd.h"
#include "sysbox/linux/known_namespace.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/trap/caller.h"

namespace sysbox::trap {

// Opens what worker threads come back to: this process's own place. Before any
// of them exists.
absl::Status PrepareHome();

// Once, by each worker thread, before anything else: gives it a root, a
// working directory and a umask of its own (unshare(2) CLONE_FS).
absl::Status PrepareWorkerThread();

// Where a path of the caller's begins, what it is from there, and with which
// rights it is walked.
struct Place {
  Fd root;
  Fd start;  // of relative paths; invalid: not looked at, or the root
  std::string path;
  CallerIdentity identity;
};
// `directory` is the call's dirfd argument, AT_FDCWD for the working directory;
// an absolute `path` does not look at it. "/proc/self/fd/N/…", ".../cwd/…" and
// ".../root/…" begin at what the caller has there, which from outside cannot be
// followed.
absl::StatusOr<Place> PlaceOf(const Caller& caller, int directory,
                              std::string_view path);

// What of a place a thread has taken on, besides the ids.
struct Taken {
  bool root = false;
  bool groups = false;  // at home there are none
  bool umask = false;
};

// In `place` until destroyed. Of the host's capabilities on files the thread
// keeps only `keep`, and takes none from the caller's.
class InPlace {
 public:
  static absl::StatusOr<InPlace> Enter(const Place& place, CapabilitySet keep);
  // Others than Enter was told.
  absl::Status Keep(CapabilitySet keep);
  // For what is then made. Until then it is the worker's.
  void TakeUmask(const Place& place);
  InPlace(InPlace&& other) noexcept;
  InPlace& operator=(InPlace&&) = delete;
  ~InPlace();

 private:
  InPlace() = default;
  bool entered_ = true;
  Taken taken_;
};

// The calling worker thread in another mount or network namespace until
// destroyed (or longer: Stay). Not while in a place; a change of the mount
// namespace ends at its root directory.
class Visit {
 public:
  static absl::StatusOr<Visit> Enter(FdRef ns, NamespaceType type);
  static absl::StatusOr<Visit> Enter(const KnownNamespace& ns,
                                     NamespaceType type);
  Visit(Visit&& other) noexcept;
  Visit& operator=(Visit&&) = delete;
  ~Visit();

 private:
  explicit Visit(NamespaceType type) : type_(type) {}
  NamespaceType type_;
  bool entered_ = true;
};

// While one lives, a visit leaves the thread where it went, and the thread goes
// home once, at the end: for a call that has to be in the same few namespaces
// again and again. Meanwhile nothing is found by a path of the host's. One at
// a time for a thread, and not while in a place or on a visit.
class Stay {
 public:
  Stay();
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;
  ~Stay();

 private:
  friend class Visit;
  absl::Status Go(FdRef ns, const NamespaceId& id, NamespaceType type);
  // Where the thread is, if it is not at home.
  std::optional<NamespaceId> mount_;
  std::optional<NamespaceId> network_;
};

// What the caller means by `path`, an O_PATH descriptor, symlinks followed
// unless `flags` has O_NOFOLLOW. "/proc/self/fd/N" and its kin, by which
// runtimes name what they hold, are the caller's; through any other magic link
// ELOOP.
// Relative to the caller's descriptor `directory`, or AT_FDCWD.
absl::StatusOr<Fd> OpenAsCaller(const Caller& caller, int directory,
                                std::string_view path, int flags);

// O_PATH descriptor of the path's directory, in `place`, which the thread is
// in, and the name in it. Magic links are not followed (ELOOP): what they lead
// to is another process's, and only the caller's own rights say whether it may.
// A path that ends in a slash, "." or ".." is EINVAL.
struct Parent {
  Fd directory;
  std::string name;
};
absl::StatusOr<Parent> OpenParent(const Place& place);

// Likewise, where that gave EACCES: not in the place, and with the caller's
// right to pass over the permissions of directories. It ends at those whose
// owners its user namespace does not know: EACCES, which says nothing of what
// is there.
absl::StatusOr<Parent> OpenParentByRight(const Caller& caller,
                                         const Place& place);

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_CALLERS_PLACE_H_
