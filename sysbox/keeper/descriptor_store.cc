#include "sysbox/keeper/descriptor_store.h"

#include "fmt/format.h"
#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/service_notify.h"

namespace sysbox::keeper {

absl::Status DescriptorStore::Take(const ListenVariables& listen) {
  SYSBOX_ASSIGN_OR_RETURN(held_, TakeListenDescriptors(listen));
  return absl::OkStatus();
}

void DescriptorStore::Hold(const std::string& name, Fd fd) {
  Drop(name);
  const FdRef borrowed(fd);
  Tell(fmt::format("FDSTORE=1\nFDNAME={}", name),
       absl::MakeConstSpan(&borrowed, 1));
  held_[name] = std::move(fd);
}

void DescriptorStore::Drop(const std::string& name) {
  if (held_.erase(name) == 0) return;
  Tell(fmt::format("FDSTOREREMOVE=1\nFDNAME={}", name));
}

void DescriptorStore::Tell(std::string_view state,
                           absl::Span<const FdRef> fds) {
  const absl::Status told = NotifyService(notify_socket_, state, fds);
  if (!told.ok()) {
    Log(LogLevel::kDebug, "keeper: {}: {}", state, MessageOf(told));
  }
}

}  // namespace sysbox::keeper
