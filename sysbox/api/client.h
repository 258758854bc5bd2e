// The daemon as an api::Manager.
#ifndef SYSBOX_API_CLIENT_H_
#define SYSBOX_API_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sysbox/api/manager.h"

namespace sysbox::api {

inline constexpr char kManagerSocket[] = "/run/sysbox/sysbox.sock";

// Connects and greets, without waiting for the answer: the first call does
// both in one round trip. Unavailable when nobody listens, with the way to
// start it. A connection that breaks (the daemon was restarted) is made anew
// once per call. A daemon silent for 30 s is DeadlineExceeded. `version` is
// the caller's, for the daemon's error messages.
//
// What was registered and not activated is freed when the result is
// destroyed. Not thread-safe.
absl::StatusOr<std::unique_ptr<Manager>> ConnectManager(
    const std::string& socket_path, const std::string& version = "");

// A look at the emulated files of the daemon's containers, for people.
// NotFound where there is no such container, file or directory;
// FailedPrecondition for what is the kernel's own inside.
class FileInspector {
 public:
  virtual ~FileInspector() = default;
  // A JSON object: path to value.
  virtual absl::StatusOr<std::string> StoredValues(const std::string& id) = 0;
  // One name per line; directories end in '/'.
  virtual absl::StatusOr<std::string> ListDirectory(
      const std::string& id, const std::string& path) = 0;
  virtual absl::StatusOr<std::string> ReadFile(const std::string& id,
                                               const std::string& path) = 0;
};
// As ConnectManager.
absl::StatusOr<std::unique_ptr<FileInspector>> ConnectFileInspector(
    const std::string& socket_path, const std::string& version = "");

}  // namespace sysbox::api

#endif  // SYSBOX_API_CLIENT_H_
