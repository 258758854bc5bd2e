// A container's files before it exists: its rootfs with the directories and
// files that its config.json binds over it. Both may be hostile: names are
// resolved below the rootfs or the bind's source, never by string. A link in a
// source that leads out of it is not followed to where it would lead inside.
#ifndef SYSBOX_MOUNTS_CONTAINER_FILES_H_
#define SYSBOX_MOUNTS_CONTAINER_FILES_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/oci/spec.h"

namespace sysbox::mounts {

class ContainerFiles {
 public:
  // `rootfs` must outlive this. Relative sources are below `bundle`.
  ContainerFiles(FdRef rootfs, const std::vector<oci::Mount>& mounts,
                 std::string_view bundle);
  explicit ContainerFiles(FdRef rootfs);

  FdRef rootfs() const { return rootfs_; }
  bool Exists(std::string_view path) const;
  // Of a regular file of no more than 64 KiB; "" otherwise.
  std::string ReadConfig(std::string_view path) const;
  // `path` with the links in it that exist in the rootfs resolved.
  std::string Resolve(std::string_view path) const;

  // A directory on the host that `path` will be, or lie in.
  struct OnHost {
    std::string source;  // of the bind
    std::string below;   // "", or "/" and the rest of the path
    bool read_only = false;
  };
  // Of a path that Resolve returned; source is empty if it is the rootfs's or
  // another file system's.
  OnHost FindOnHost(const std::string& path) const;

 private:
  struct Mount {
    std::string target;  // clean; resolved once it was needed
    std::string source;  // empty: no bind
    bool read_only = false;
  };
  const Mount* Covering(const std::string& path) const;
  std::string RealPath(const std::string& path) const;
  absl::StatusOr<Fd> OpenPath(std::string_view path, int flags) const;

  FdRef rootfs_;
  std::string rootfs_path_;  // where the kernel says it is; "" for "/"
  mutable std::vector<Mount> mounts_;
  mutable bool resolved_ = false;
};

}  // namespace sysbox::mounts

#endif  // SYSBOX_MOUNTS_CONTAINER_FILES_H_
