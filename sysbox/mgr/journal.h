// The journal file that all managers on a data root share: a daemon and any
// number of embedded ones. Every operation is lock, CatchUp, Append, unlock.
//
// Nothing is fsync'd (README): the records are about this boot's processes,
// and the page cache outlives every process.
#ifndef SYSBOX_MGR_JOURNAL_H_
#define SYSBOX_MGR_JOURNAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/linux/fd.h"
#include "sysbox/mgr/journal_record.h"

namespace sysbox::mgr {

class Journal {
 public:
  // Files `directory`/journal and journal.lock, 0600; `directory` exists.
  Journal(std::string directory, std::string boot_id);

  // Held until the descriptor closes. Blocks; holders do not wait for
  // anything but the disk.
  absl::StatusOr<Fd> Lock();

  // What happened since the last call.
  struct News {
    bool restarted = false;  // forget everything first
    std::vector<Record> records;
    int damaged = 0;  // unreadable lines: rewrite the file
  };
  // These three under the lock. After an error of Append or Rewrite the next
  // CatchUp starts over.
  absl::StatusOr<News> CatchUp();
  absl::Status Append(const Record& record);
  // Replaces the file by `records`.
  absl::Status Rewrite(absl::Span<const Record> records);

  // The file has outgrown what it said when it was last rewritten.
  bool NeedsRewrite() const;

 private:
  absl::StatusOr<bool> Reopen();
  void Decode(std::string_view data, News* news);
  absl::Status WriteHeader(uint64_t length);

  std::string path_;
  std::string lock_path_;
  std::string boot_id_;
  Fd file_;  // O_APPEND; its offset is how far we have read
  uint64_t record_count_ = 0;
  uint64_t rewritten_count_ = 0;
};

}  // namespace sysbox::mgr

#endif  // SYSBOX_MGR_JOURNAL_H_
