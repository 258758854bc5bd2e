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

}  // namespace sysbox::api

#endif  // SYSBOX_API_CLIENT_H_
