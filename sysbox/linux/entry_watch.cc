#include "sysbox/linux/entry_watch.h"

#include <fcntl.h>
#include <linux/fanotify.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "sysbox/base/status.h"
#include "sysbox/linux/syscall_status.h"

namespace sysbox {
namespace {

constexpr uint64_t kNames = FAN_CREATE | FAN_DELETE | FAN_ONDIR;
constexpr uint64_t kMoves = FAN_RENAME | FAN_ONDIR;

absl::Status Mark(FdRef group, unsigned flags, uint64_t mask, FdRef directory) {
  return SyscallStatus(
      fanotify_mark(group.get(), flags, mask, directory.get(), "."),
      "fanotify_mark");
}

// One information record: the handle of a directory, a name in it after that;
// or of the target.
absl::Status TakeRecord(std::string_view record, EntryWatch::Event* event) {
  constexpr size_t kHandle = offsetof(fanotify_event_info_fid, handle);
  if (record.size() < kHandle) return Internal("a short record of fanotify");
  fanotify_event_info_header header;
  memcpy(&header, record.data(), sizeof header);
  record.remove_prefix(kHandle);
  SYSBOX_ASSIGN_OR_RETURN(FileHandle handle,
                          FileHandleFrom(record.data(), record.size()));
  switch (header.info_type) {
    case FAN_EVENT_INFO_TYPE_FID:
      event->target = std::move(handle);
      break;
    case FAN_EVENT_INFO_TYPE_DFID_NAME:
    case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
      event->directory = std::move(handle);
      break;
    default:  // where it went, if that is watched as well
      break;
  }
  return absl::OkStatus();
}

absl::StatusOr<EntryWatch::Event> TakeRecords(std::string_view records,
                                              bool moved) {
  EntryWatch::Event event = {.directory = {}, .target = {}, .moved = moved};
  while (!records.empty()) {
    fanotify_event_info_header header;
    if (records.size() < sizeof header) return Internal("half a record");
    memcpy(&header, records.data(), sizeof header);
    if (header.len < sizeof header || header.len > records.size()) {
      return Internal("a fanotify record of {} bytes", header.len);
    }
    SYSBOX_RETURN_IF_ERROR(TakeRecord(records.substr(0, header.len), &event));
    records.remove_prefix(header.len);
  }
  return event;
}

}  // namespace

absl::StatusOr<EntryWatch> EntryWatch::Create() {
  const int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME_TARGET |
                                   FAN_CLOEXEC | FAN_NONBLOCK,
                               O_RDONLY | O_CLOEXEC);
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(fd, "fanotify_init"));
  return EntryWatch(Fd(fd));
}

absl::Status EntryWatch::AddNames(FdRef directory) {
  return Mark(fd_, FAN_MARK_ADD | FAN_MARK_ONLYDIR, kNames, directory);
}

absl::Status EntryWatch::AddMovesFrom(FdRef directory) {
  return Mark(fd_, FAN_MARK_ADD | FAN_MARK_ONLYDIR, kMoves, directory);
}

absl::Status EntryWatch::RemoveNames(FdRef directory) {
  return Mark(fd_, FAN_MARK_REMOVE | FAN_MARK_ONLYDIR, kNames, directory);
}

absl::StatusOr<EntryWatch::Events> EntryWatch::Read() {
  Events result;
  alignas(fanotify_event_metadata) char buffer[4096];
  const ssize_t count =
      TEMP_FAILURE_RETRY(read(fd_.get(), buffer, sizeof buffer));
  if (count < 0 && errno == EAGAIN) return result;
  SYSBOX_RETURN_IF_ERROR(SyscallStatus(count, "read fanotify"));
  std::string_view rest(buffer, static_cast<size_t>(count));
  while (!rest.empty()) {
    fanotify_event_metadata head;
    if (rest.size() < sizeof head) return Internal("half an event");
    memcpy(&head, rest.data(), sizeof head);
    if (head.vers != FANOTIFY_METADATA_VERSION ||
        head.event_len < sizeof head || head.event_len > rest.size()) {
      return Internal("read fanotify: version {}, {} bytes", head.vers,
                      head.event_len);
    }
    if (head.mask & FAN_Q_OVERFLOW) {
      result.lost = true;
    } else {
      SYSBOX_ASSIGN_OR_RETURN(
          Event event,
          TakeRecords(rest.substr(sizeof head, head.event_len - sizeof head),
                      (head.mask & FAN_RENAME) != 0));
      result.events.push_back(std::move(event));
    }
    rest.remove_prefix(head.event_len);
  }
  return result;
}

}  // namespace sysbox
