// What a keeper holds, and what its service manager is told of that and of its
// state (sd_notify(3)): each descriptor held is stored there, too.
#ifndef SYSBOX_KEEPER_DESCRIPTOR_STORE_H_
#define SYSBOX_KEEPER_DESCRIPTOR_STORE_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sysbox/keeper/held_descriptors.h"
#include "sysbox/linux/fd.h"

namespace sysbox::keeper {

class DescriptorStore {
 public:
  // `notify_socket`: $NOTIFY_SOCKET; "": no service manager.
  explicit DescriptorStore(std::string notify_socket)
      : notify_socket_(std::move(notify_socket)) {}

  // Takes over what the service manager had stored.
  absl::Status Take(const ListenVariables& listen);
  // In place of one of this name.
  void Hold(const std::string& name, Fd fd);
  // Nothing if there is none of this name.
  void Drop(const std::string& name);
  // All of them; for a worker, whose copies these are.
  HeldDescriptors Release() { return std::exchange(held_, {}); }

  // A failure is logged: only a manager of the right kind reads all of that.
  void Tell(std::string_view state, absl::Span<const FdRef> fds = {});

 private:
  const std::string notify_socket_;
  HeldDescriptors held_;
};

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_DESCRIPTOR_STORE_H_
