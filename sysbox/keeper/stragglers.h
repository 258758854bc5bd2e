// Workers that were killed and that the kernel does not let go: nobody waits
// for their end, and what they have open stays open until then.
#ifndef SYSBOX_KEEPER_STRAGGLERS_H_
#define SYSBOX_KEEPER_STRAGGLERS_H_

#include <utility>
#include <vector>

#include "sysbox/linux/process.h"

namespace sysbox::keeper {

class Stragglers {
 public:
  Stragglers() = default;
  Stragglers(const Stragglers&) = delete;
  Stragglers& operator=(const Stragglers&) = delete;
  ~Stragglers() { Forget(); }

  void Add(OwnedChild straggler) { children_.push_back(std::move(straggler)); }
  // Those that have ended since.
  void Reap();
  // Leaves them to whoever reaps after us; in a child, whose siblings they are.
  void Forget();

 private:
  std::vector<OwnedChild> children_;
};

}  // namespace sysbox::keeper

#endif  // SYSBOX_KEEPER_STRAGGLERS_H_
