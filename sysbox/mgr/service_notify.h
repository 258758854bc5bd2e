// Tells the service manager how we are: sd_notify(3)'s protocol.
#ifndef SYSBOX_MGR_SERVICE_NOTIFY_H_
#define SYSBOX_MGR_SERVICE_NOTIFY_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace sysbox::mgr {

// Sends `state`, such as "READY=1", to `socket`: the value of NOTIFY_SOCKET,
// a path or, with "@" in front, an abstract name. Nothing to do if empty.
absl::Status NotifyService(const std::string& socket, std::string_view state);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_SERVICE_NOTIFY_H_
