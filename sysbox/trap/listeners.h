// The listeners of all containers: which are ready, which thread has one, and
// how many calls of a container are answered at a time. Knows no thread of its
// own and answers nothing.
#ifndef SYSBOX_TRAP_LISTENERS_H_
#define SYSBOX_TRAP_LISTENERS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/fd.h"
#include "sysbox/seccomp/notify_port.h"
#include "sysbox/trap/container.h"

namespace sysbox::trap {

// All listeners of one container.
struct Served {
  Container container;
  int listeners = 0;
  int in_flight = 0;
  std::vector<uint64_t> parked;  // listeners that wait for in_flight to fall
};

struct Listener {
  uint64_t key = 0;
  std::string name;
  seccomp::NotifyPort port;
  std::shared_ptr<Served> served;
  // By a thread: nobody else receives. Guarded by Listeners::mu_.
  bool taken = false;

  const Container& container() const { return served->container; }
};
using ListenerPtr = std::shared_ptr<Listener>;

// Thread-safe.
class Listeners {
 public:
  // `epoll` is borrowed; key 0 is not used there. `on_gone` may be empty, and
  // is called without a lock.
  Listeners(Epoll& epoll, std::function<void(const std::string&)> on_gone)
      : epoll_(epoll), on_gone_(std::move(on_gone)) {}

  // Nobody hears of it before Begin.
  ListenerPtr Add(const Container& container, const std::string& name, Fd fd);
  // It is forgotten if that fails.
  absl::Status Begin(const ListenerPtr& listener);
  void Forget(uint64_t key);
  size_t size() const;

  // What epoll has reported once. Null: it is gone, or a thread came by itself
  // and has taken it.
  ListenerPtr Take(uint64_t key);
  // One more call of its container's. False: there are `most`, and the
  // listener waits for one of them to Leave.
  bool Enter(const ListenerPtr& listener, int most);
  void Leave(const ListenerPtr& listener);
  // Reports it again. Whoever calls has taken it, or it was parked.
  void Arm(const ListenerPtr& listener);
  // After Arm. False: another thread has it by now.
  bool TakeBack(const ListenerPtr& listener);

 private:
  Epoll& epoll_;
  const std::function<void(const std::string&)> on_gone_;
  mutable absl::Mutex mu_;
  uint64_t last_key_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<uint64_t, ListenerPtr> listeners_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<std::string, std::shared_ptr<Served>> served_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace sysbox::trap

#endif  // SYSBOX_TRAP_LISTENERS_H_
