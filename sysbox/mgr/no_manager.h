// `--no-sysbox-mgr`: no account of anything. Every container gets the same
// ids, 65536 from 231072, unless its config.json maps others.
#ifndef SYSBOX_MGR_NO_MANAGER_H_
#define SYSBOX_MGR_NO_MANAGER_H_

#include <memory>

#include "sysbox/api/manager.h"

namespace sysbox::mgr {

std::unique_ptr<api::Manager> MakeNoManager(const api::Policy& policy);

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_NO_MANAGER_H_
