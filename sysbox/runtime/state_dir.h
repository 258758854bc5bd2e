// The state directory: ROOT/ID/{state.json,seccomp.bpf,exec.fifo}, one
// directory per container, readable by root alone. The directory's existence is
// the claim on the id. Knows files, not what they mean.
#ifndef SYSBOX_RUNTIME_STATE_DIR_H_
#define SYSBOX_RUNTIME_STATE_DIR_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/linux/fd.h"
#include "sysbox/oci/state.h"

namespace sysbox::runtime {

// Letters, digits, '_', '+', '-', '.'; not "." or "..", at most 1024.
absl::Status ValidateContainerId(std::string_view id);

class StateDir {
 public:
  // Claims `id` below `root` (made if missing). AlreadyExists when taken.
  static absl::StatusOr<StateDir> Create(const std::string& root,
                                         const std::string& id);
  // NotFound "container does not exist" when there is none.
  static absl::StatusOr<StateDir> Open(const std::string& root,
                                       const std::string& id);

  absl::Status Save(const oci::StateFile& state);
  absl::StatusOr<oci::StateFile> Load() const;

  // What each `exec` loads, too. Compiled once: the profile is by far the
  // larger part of a config.
  struct SeccompProgram {
    std::vector<uint64_t> instructions;  // sock_filter[]; empty: none
    unsigned int flags = 0;
  };
  absl::Status SaveSeccomp(const SeccompProgram& program);
  // Fails, rather than leave a process unconfined, if it was never saved.
  absl::StatusOr<SeccompProgram> LoadSeccomp() const;

  // The fifo that `start` releases init by. Made and opened O_RDWR for init.
  absl::StatusOr<Fd> MakeFifo();
  bool HasFifo() const;
  // Takes the fifo away, so that only one `start` wins, and writes to it.
  // FailedPrecondition when it is gone already or nobody reads it.
  absl::Status ReleaseFifo();

  // Removes the directory and all in it: the id is free.
  absl::Status Remove();
  const std::string& path() const { return path_; }

 private:
  explicit StateDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// The ids below `root`, sorted. A missing root has none.
absl::StatusOr<std::vector<std::string>> ListContainerIds(
    const std::string& root);

}  // namespace sysbox::runtime

#endif  // SYSBOX_RUNTIME_STATE_DIR_H_
