// A Tree for tests: one file of each sort. Writes to it count.
#ifndef SYSBOX_FUSE_TOY_TREE_H_
#define SYSBOX_FUSE_TOY_TREE_H_

#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sysbox/fuse/tree.h"

namespace sysbox::fuse {

//   /value    what was written last; numbers only, kept as "N\n"
//   /long     long_lines times "<generation> ....\n", 32 bytes each
//   /count    how often it was read
//   /who      "PID UID GID" of the reader
//   /slow     "slow\n", once let_slow() was called
//   /coming   there while present() is set; never cached
//   /broken   an error without an errno
//   /link     -> value
//   /dir/N    N from 0 to 299
class ToyTree : public Tree {
 public:
  static constexpr size_t kLineSize = 32;
  static constexpr int kLongLines = 8000;

  absl::StatusOr<Attributes> Lookup(const Caller& caller, NodeId directory,
                                    std::string_view name) override;
  absl::StatusOr<Attributes> Get(const Caller& caller, NodeId node) override;
  absl::StatusOr<std::string> Read(const Caller& caller, NodeId node) override;
  absl::Status Write(const Caller& caller, NodeId node, std::string_view data,
                     uint64_t offset) override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(const Caller& caller,
                                                   NodeId directory) override;
  absl::StatusOr<std::string> ReadLink(const Caller& caller,
                                       NodeId node) override;

  bool TellsOfChanges(NodeId node) override;
  bool ListsAnew(NodeId node) override;

  void SetValue(std::string_view value);
  std::string value() const;
  void LetSlow();
  void SetPresent(bool present) { present_ = present; }
  // The root, which has changed then whenever somebody asks.
  void ListRootAnew() { lists_anew_ = true; }
  int calls() const { return calls_; }  // of any function
  int reads() const { return reads_; }
  int slow_readers() const { return slow_readers_; }

 private:
  std::string ContentOf(NodeId node, const Caller& caller);

  mutable absl::Mutex mu_;
  std::string value_ ABSL_GUARDED_BY(mu_) = "0\n";
  int64_t version_ ABSL_GUARDED_BY(mu_) = 0;
  bool let_slow_ ABSL_GUARDED_BY(mu_) = false;
  std::atomic<bool> present_ = false;
  std::atomic<bool> lists_anew_ = false;
  std::atomic<int> calls_ = 0;
  std::atomic<int> reads_ = 0;
  std::atomic<int> counter_ = 0;
  std::atomic<int> slow_readers_ = 0;
};

}  // namespace sysbox::fuse

#endif  // SYSBOX_FUSE_TOY_TREE_H_
