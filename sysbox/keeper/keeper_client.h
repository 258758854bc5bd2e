// The worker's side of the keeper: what the worker must not lose. Each call is
// one packet (with its descriptor) on a socket that the keeper drains before it
// starts the next worker, so what was sent is safe, whatever becomes of us.
// Thread-safe.
#ifndef SYSBOX_KEEPER_KEEPER_CLIENT_H_
#define SYSBOX_KEEPER_KEEPER_CLIENT_H_

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/keeper/held_descriptors.h"
#include "sysbox/linux/fd.h"
#include "sysbox/registry/descriptor_vault.h"

namespace sysbox::keeper {

class KeeperClient : public registry::DescriptorVault {
 public:
  // `held`: as inherited from the keeper. `keeper`: the socket.
  KeeperClient(HeldDescriptors held, Fd keeper)
      : held_(std::move(held)), keeper_(std::move(keeper)) {}

  absl::Status Hold(const std::string& name, FdRef fd) override;
  void Drop(const std::string& name) override;
  absl::StatusOr<Fd> Take(const std::string& name) override;
  // Names of what nobody has taken yet.
  std::vector<std::string> Held() const;
  // The worker serves: the service manager is told. What was not taken by now
  // is nobody's any more, and is dropped. Again after each SIGHUP.
  absl::Status Ready();

 private:
  absl::Status SendDrop(const std::string& name);
  // Those that could not be told when they were due.
  void DropLate();

  mutable absl::Mutex mu_;
  HeldDescriptors held_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> late_drops_ ABSL_GUARDED_BY(mu_);
  const Fd keeper_;
};

// What the packets say.
struct KeeperMessage {
  enum class Kind { kHold, kDrop, kReady };
  Kind kind = Kind::kReady;
  std::string name;
};
inline constexpr size_t kMaxKeeperMessage = 512;
std::string EncodeKeeperMessage(const KeeperMessage& message);
absl::StatusOr<KeeperMessage> DecodeKeeperMessage(std::string_view packet);

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_KEEPER_CLIENT_H_
