// One served FUSE connection, and who may read its next request. The right to
// read is passed along: only its holder reads, and the connection is armed in
// the server's epoll exactly while nobody holds it. The holder answers what is
// quick itself and goes on reading; before it asks the Tree, which may take
// long, it passes the right on. Thread-safe.
#ifndef SYSBOX_FUSE_CONNECTION_H_
#define SYSBOX_FUSE_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/fuse/open_files.h"
#include "sysbox/fuse/poll_journal.h"
#include "sysbox/fuse/polls.h"
#include "sysbox/fuse/service_options.h"
#include "sysbox/fuse/tree.h"
#include "sysbox/linux/fd.h"

namespace sysbox::fuse {

class Connection {
 public:
  // At most `limit` requests are with the Tree at once.
  Connection(uint64_t id, Fd device, std::shared_ptr<Tree> tree,
             ServiceOptions options, int limit,
             std::shared_ptr<PollJournal> polls = nullptr);

  uint64_t id() const { return id_; }
  FdRef device() const { return device_; }
  Tree& tree() const { return *tree_; }
  const ServiceOptions& options() const { return options_; }
  OpenFiles& open_files() { return open_files_; }
  Polls& polls() { return polls_; }

  // Of a node whose attributes, and by them the content, are to be asked for
  // before they are used again.
  absl::Status ForgetAttributes(NodeId node);

  // The holder is about to ask the Tree. True: it is to pass the right to read
  // on (by arming). False: nobody reads until one of those asking is done.
  bool BeginAsking();
  // True: the caller has the right to read now.
  bool FinishAsking();

 private:
  const uint64_t id_;
  const Fd device_;
  const std::shared_ptr<Tree> tree_;
  const ServiceOptions options_;
  const int limit_;
  OpenFiles open_files_;
  Polls polls_;
  absl::Mutex mu_;
  int asking_ ABSL_GUARDED_BY(mu_) = 0;
  bool full_ ABSL_GUARDED_BY(mu_) = false;  // the right to read is with us
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_CONNECTION_H_
