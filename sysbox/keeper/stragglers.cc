#include "sysbox/keeper/stragglers.h"

#include <algorithm>

namespace sysbox::keeper {

void Stragglers::Reap() {
  const auto ended = std::partition(
      children_.begin(), children_.end(),
      [](const OwnedChild& child) { return child.pidfd().Alive(); });
  for (auto child = ended; child != children_.end(); ++child) {
    (void)child->Wait();  // how it ended was settled long ago
  }
  children_.erase(ended, children_.end());
}

void Stragglers::Forget() {
  for (OwnedChild& child : children_) (void)child.Release();
  children_.clear();
}

}  // namespace sysbox::keeper
