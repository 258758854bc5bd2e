// The conversation between the launcher (stage 0, host) and the process that
// becomes pid 1 (stage 2), over one SEQPACKET socket pair. Descriptors ride
// in the message that names them. An error carries code, errno and text, and
// ends the conversation.
//
//   launcher                                 init
//      │ clone3 ───────────────────────────────▶│ enters cgroups (v1)
//      │ uid_map, gid_map                       │
//      ├─ kMapped ─────────────────────────────▶│ becomes root inside, makes
//      ├─ kStage {fd} ─────────────────────────▶│ the other namespaces
//      │ detached mounts                        │ attaches the stage
//      ├─ kMounts {fds} … (last one marked) ───▶│
//      │◀─────────────────────── kNamespaced ───┤
//      │ puts mounts on the stage, sets clocks  │
//      ├─ kLocked ─────────────────────────────▶│
//      │ hooks that need only namespaces        │ rootfs, mounts
//      │◀──────────────── kTerminal {master} ───┤ only with a terminal
//      │◀─────────────────── kMounted {pid} ────┤
//      │ prestart, createRuntime hooks          │
//      ├─ kRun {hook state} ───────────────────▶│ enters its time namespace,
//      │                                        │ createContainer hooks, pivot,
//      │                                        │ sysctls, identity, program
//      │◀────────────── kPrepared {listener} ───┤ only with trapped calls
//      │ listener to the daemon                 │
//      │ mounts that stay, resource limits      │
//      ├─ kExec {hook state} ──────────────────▶│ waits on the fifo, if any;
//      │◀─────────────── end of file ───────────┤ enters its leaf (cgroup v2);
//      │                                        │ startContainer hooks; execve
//      │                                        │ closes the socket
//
// kStage and kLocked are sent only if the plan has mounts to lock. An exec
// into a container has the same conversation without kMapped's maps,
// kMounts, kNamespaced and kMounted. A joiner (stage 1) that forks init sends
// kForked {pidfd} first.
#ifndef SYSBOX_LAUNCH_SYNC_H_
#define SYSBOX_LAUNCH_SYNC_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"

namespace sysbox::launch {

enum class SyncMessage : uint32_t {
  kError = 1,     // text; code and errno in the header
  kMapped = 2,    // the user namespace has its maps
  kMounts = 3,    // detached mounts; value: 1 when these are the last
  kTerminal = 4,  // fd: pty master; text: its name
  kMounted = 5,   // all mounts are in place below the new root; value: init's
                  // pid in its own pid namespace
  kRun = 6,       // the host's hooks have run; text: createContainer's state
  kPrepared = 7,  // everything but limits and exec is done; fd: the seccomp
                  // filter's listener, if it has one
  kExec = 8,      // go; text: startContainer's state
  kForked = 9,    // fd: pidfd of init; value: its pid on the host
  kNamespaced = 10,  // init is in all its namespaces
  kStage = 11,       // fd: the inner half of the locking stage
  kLocked = 12,      // the mounts that are to be locked are on the stage
};

struct SyncPacket {
  SyncMessage message;
  int64_t value = 0;
  std::string text;
  std::vector<Fd> fds;
};

// One end of the conversation.
class SyncChannel {
 public:
  explicit SyncChannel(Fd socket) : socket_(std::move(socket)) {}
  static absl::StatusOr<std::pair<SyncChannel, SyncChannel>> Pair();

  absl::Status Send(SyncMessage message, int64_t value = 0,
                    std::string_view text = {},
                    absl::Span<const FdRef> fds = {});
  // Sends `error` as kError. Best effort: the peer may be gone.
  void SendError(const absl::Status& error);

  // The next packet. A kError packet comes back as the error it carries, end
  // of file as Unavailable "init ended unexpectedly".
  absl::StatusOr<SyncPacket> Receive();
  // Receive, and an Internal error unless it is `expected`.
  absl::StatusOr<SyncPacket> Expect(SyncMessage expected);
  // Waits for end of file: OK. A kError packet comes back as its error.
  absl::Status ExpectEnd();

  FdRef socket() const { return socket_; }
  void Close() { socket_.Reset(); }

 private:
  // nullopt: end of file.
  absl::StatusOr<std::optional<SyncPacket>> ReceiveOrEnd();

  Fd socket_;
};

}  // namespace sysbox::launch

#endif  // SYSBOX_LAUNCH_SYNC_H_
