#include "sysbox/mgr/journal.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"

namespace sysbox::mgr {
namespace {

constexpr int kFlags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW;
constexpr size_t kMaxSize = size_t{256} << 20;
// Few enough that a command which reads the whole file does not notice, and
// enough that a rewrite is paid for by ten containers.
constexpr uint64_t kSlack = 32;

}  // namespace

Journal::Journal(std::string directory, std::string boot_id)
    : path_(directory + "/journal"),
      lock_path_(directory + "/journal.lock"),
      boot_id_(std::move(boot_id)) {}

absl::StatusOr<Fd> Journal::Lock() { return LockFile(lock_path_, 0600); }

// True when `file_` is a new file to us: the first time, and after somebody
// else's Rewrite. (An inode that we hold open cannot be used again.)
absl::StatusOr<bool> Journal::Reopen() {
  if (file_.valid()) {
    absl::StatusOr<struct stat> there = StatAt(FdRef::Cwd(), path_);
    if (!there.ok() && ErrnoOf(there.status()) != ENOENT) {
      return there.status();
    }
    SYSBOX_ASSIGN_OR_RETURN(struct stat ours, Stat(file_));
    if (there.ok() && there->st_ino == ours.st_ino &&
        there->st_dev == ours.st_dev) {
      return false;
    }
  }
  SYSBOX_ASSIGN_OR_RETURN(file_, Open(path_, {.flags = kFlags, .mode = 0600}));
  return true;
}

absl::Status Journal::WriteHeader(uint64_t length) {
  Record header;
  header.kind = RecordKind::kBoot;
  header.boot = boot_id_;
  header.length = length;
  return WriteAll(file_, EncodeRecord(header));
}

absl::StatusOr<Journal::News> Journal::CatchUp() {
  News news;
  SYSBOX_ASSIGN_OR_RETURN(news.restarted, Reopen());
  absl::StatusOr<std::string> data = ReadAll(file_, kMaxSize);
  if (!data.ok()) {
    file_.Reset();
    return Annotate(data.status(), path_);
  }
  if (!news.restarted) {
    Decode(*data, &news);
    return news;
  }
  record_count_ = rewritten_count_ = 0;
  Decode(*data, &news);
  const bool has_header =
      !news.records.empty() && news.records[0].kind == RecordKind::kBoot;
  if (has_header && news.records[0].boot == boot_id_) {
    rewritten_count_ = news.records[0].length;
    return news;
  }
  // Without a readable header the records count all the same: whose process
  // is gone will be found dead.
  if (!has_header && !data->empty()) {
    ++news.damaged;
    return news;
  }
  news.records.clear();  // of another boot
  news.damaged = 0;
  SYSBOX_RETURN_IF_ERROR(Rewrite({}));
  return news;
}

// Writers hold the lock, so a line without an end is what a killed one left.
void Journal::Decode(std::string_view data, News* news) {
  while (!data.empty()) {
    const size_t end = data.find('\n');
    absl::StatusOr<Record> record =
        end == std::string_view::npos
            ? absl::StatusOr<Record>(absl::DataLossError("torn"))
            : DecodeRecord(data.substr(0, end));
    if (record.ok()) {
      news->records.push_back(*std::move(record));
    } else {
      ++news->damaged;
    }
    ++record_count_;
    data.remove_prefix(end == std::string_view::npos ? data.size() : end + 1);
  }
}

absl::Status Journal::Append(const Record& record) {
  // At the end of the file already: this one is not read back.
  absl::Status written = WriteAll(file_, EncodeRecord(record));
  if (!written.ok()) {
    file_.Reset();  // part of it may be there
    return Annotate(written, path_);
  }
  ++record_count_;
  return absl::OkStatus();
}

absl::Status Journal::Rewrite(absl::Span<const Record> records) {
  const std::string temporary = path_ + ".new";
  file_.Reset();
  SYSBOX_ASSIGN_OR_RETURN(
      file_, Open(temporary, {.flags = kFlags | O_TRUNC, .mode = 0600}));
  absl::Status written = WriteHeader(records.size());
  std::string text;
  for (const Record& record : records) text += EncodeRecord(record);
  if (written.ok()) written = WriteAll(file_, text);
  if (written.ok()) written = Rename(temporary, path_);
  if (!written.ok()) {
    file_.Reset();
    return Annotate(written, temporary);
  }
  record_count_ = rewritten_count_ = records.size();
  return absl::OkStatus();
}

bool Journal::NeedsRewrite() const {
  return record_count_ > 2 * rewritten_count_ + kSlack;
}

}  // namespace sysbox::mgr
