#include "sysbox/trap/listeners.h"

#include <sys/epoll.h>

#include <utility>

#include "sysbox/base/log.h"
#include "sysbox/base/status.h"
#include "sysbox/trap/memory.h"

namespace sysbox::trap {
namespace {

constexpr uint32_t kArmed = EPOLLIN | EPOLLONESHOT;

}  // namespace

ListenerPtr Listeners::Add(const Container& container, const std::string& name,
                           Fd fd) {
  auto listener = std::make_shared<Listener>();
  listener->name = name;
  listener->port = seccomp::NotifyPort(std::move(fd));
  (void)listener->port.PreferOneCpu();  // older kernels are slower
  absl::MutexLock lock(&mu_);
  std::shared_ptr<Served>& served = served_[container.id];
  // An id may be another container's by now.
  if (served == nullptr || served->container.init != container.init ||
      served->container.init_start != container.init_start) {
    served = std::make_shared<Served>();
    served->container = container;
    served->container.memory = std::make_shared<Memory>();
  }
  ++served->listeners;
  listener->served = served;
  listener->key = ++last_key_;
  listeners_[listener->key] = listener;
  return listener;
}

absl::Status Listeners::Begin(const ListenerPtr& listener) {
  absl::Status added = epoll_.Add(listener->port.fd(), kArmed, listener->key);
  if (!added.ok()) Forget(listener->key);
  return added;
}

void Listeners::Forget(uint64_t key) {
  ListenerPtr gone;  // closed outside the lock
  {
    absl::MutexLock lock(&mu_);
    auto found = listeners_.find(key);
    if (found == listeners_.end()) return;
    gone = std::move(found->second);
    listeners_.erase(found);
    auto served = served_.find(gone->container().id);
    if (--gone->served->listeners == 0 && served != served_.end() &&
        served->second == gone->served) {
      served_.erase(served);
    }
  }
  if (on_gone_) on_gone_(gone->name);
}

size_t Listeners::size() const {
  absl::MutexLock lock(&mu_);
  return listeners_.size();
}

ListenerPtr Listeners::Take(uint64_t key) {
  absl::MutexLock lock(&mu_);
  auto found = listeners_.find(key);
  if (found == listeners_.end() || found->second->taken) return nullptr;
  found->second->taken = true;
  return found->second;
}

bool Listeners::Enter(const ListenerPtr& listener, int most) {
  absl::MutexLock lock(&mu_);
  Served& served = *listener->served;
  if (served.in_flight >= most) {
    served.parked.push_back(listener->key);
    return false;
  }
  ++served.in_flight;
  return true;
}

void Listeners::Leave(const ListenerPtr& listener) {
  ListenerPtr next;
  {
    absl::MutexLock lock(&mu_);
    Served& served = *listener->served;
    --served.in_flight;
    if (served.parked.empty()) return;
    auto found = listeners_.find(served.parked.back());
    served.parked.pop_back();
    if (found == listeners_.end()) return;
    next = found->second;
  }
  Arm(next);
}

void Listeners::Arm(const ListenerPtr& listener) {
  {
    absl::MutexLock lock(&mu_);
    listener->taken = false;
  }
  const absl::Status armed =
      epoll_.Modify(listener->port.fd(), kArmed, listener->key);
  if (armed.ok()) return;
  Log(LogLevel::kError, "interception of {}: {}", listener->container().id,
      MessageOf(armed));
  Forget(listener->key);
}

bool Listeners::TakeBack(const ListenerPtr& listener) {
  {
    absl::MutexLock lock(&mu_);
    if (std::exchange(listener->taken, true)) return false;
  }
  // Else somebody wakes up to see that it is taken, which is all the harm.
  (void)epoll_.Modify(listener->port.fd(), EPOLLONESHOT, listener->key);
  return true;
}

}  // namespace sysbox::trap
