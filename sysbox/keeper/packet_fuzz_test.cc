// Any bytes from a worker, of which a name that is accepted is one; any text in
// the service manager's variables.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/keeper/held_descriptors.h"
#include "sysbox/keeper/keeper_client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sysbox::keeper;  // NOLINT: a fuzz target's only function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = DecodeKeeperMessage(text);
  if (message.ok()) {
    if (message->kind != KeeperMessage::Kind::kReady &&
        !IsDescriptorName(message->name)) {
      abort();
    }
    const auto again = DecodeKeeperMessage(EncodeKeeperMessage(*message));
    if (!again.ok() || again->name != message->name) abort();
  }
  // FDS, a line feed, NAMES.
  const size_t cut = text.find('\n');
  (void)ParseListenVariables(
      {.pid = std::to_string(getpid()),
       .fds = std::string(text.substr(0, cut)),
       .names = cut == text.npos ? "" : std::string(text.substr(cut + 1))},
      getpid());
  return 0;
}
