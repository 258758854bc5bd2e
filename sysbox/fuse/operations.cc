#include "sysbox/fuse/operations.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sysbox/base/status.h"

namespace sysbox::fuse {
namespace {

// Seconds: until we say otherwise.
constexpr double kForGood = 365.0 * 24 * 3600;
// Of a reply to readdir, which asks for up to 128 KiB.
constexpr size_t kMaxListing = 32 << 10;
// What the kernel goes on from after the last entry, to be told that there are
// no more. No index; old 32-bit programs take no higher one.
constexpr uint64_t kEnd = 0x7fffffff;
constexpr int kMaxErrno = 511;  // the kernel refuses higher ones, and waits on

Service& ServiceOf(fuse_req_t request) {
  return *static_cast<Service*>(fuse_req_userdata(request));
}

Caller CallerOf(fuse_req_t request) {
  const fuse_ctx* context = fuse_req_ctx(request);
  return {context->pid, context->uid, context->gid};
}

void ReplyError(fuse_req_t request, const absl::Status& status) {
  int error = ErrnoOf(status);
  if (!status.ok() && (error <= 0 || error > kMaxErrno)) error = EIO;
  (void)fuse_reply_err(request, error);
}

struct stat StatOf(const Attributes& attributes) {
  struct stat result = {};
  result.st_ino = attributes.node;
  result.st_mode = attributes.mode;
  result.st_nlink = attributes.links;
  result.st_uid = attributes.uid;
  result.st_gid = attributes.gid;
  result.st_rdev = attributes.device;
  result.st_size = static_cast<off_t>(attributes.size);
  // As sysfs's: programs (wc) believe in sizes that are not of whole blocks.
  result.st_blksize = 4096;
  result.st_atim = attributes.changed;
  result.st_mtim = attributes.changed;
  result.st_ctim = attributes.changed;
  return result;
}

double ValidityOf(const Attributes& attributes) {
  return attributes.fixed ? kForGood : attributes.valid_ms / 1000.0;
}

double NameValidityOf(const Attributes& attributes) {
  return attributes.fixed || attributes.fixed_name
             ? kForGood
             : attributes.name_valid_ms / 1000.0;
}

fuse_entry_param EntryOf(const Attributes& attributes) {
  fuse_entry_param entry = {};
  entry.ino = attributes.node;
  entry.attr = StatOf(attributes);
  entry.attr_timeout = ValidityOf(attributes);
  entry.entry_timeout = NameValidityOf(attributes);
  return entry;
}

void ReplyAttributes(fuse_req_t request,
                     const absl::StatusOr<Attributes>& attributes) {
  if (!attributes.ok()) return ReplyError(request, attributes.status());
  const struct stat status = StatOf(*attributes);
  (void)fuse_reply_attr(request, &status, ValidityOf(*attributes));
}

// An absent name is not remembered: it may appear at any time.
void Lookup(fuse_req_t request, fuse_ino_t directory, const char* name) {
  const absl::StatusOr<Attributes> found =
      ServiceOf(request).tree().Lookup(CallerOf(request), directory, name);
  if (!found.ok()) return ReplyError(request, found.status());
  const fuse_entry_param entry = EntryOf(*found);
  (void)fuse_reply_entry(request, &entry);
}

void GetAttributes(fuse_req_t request, fuse_ino_t node, fuse_file_info*) {
  ReplyAttributes(request,
                  ServiceOf(request).tree().Get(CallerOf(request), node));
}

// As proc_sys_setattr(): modes and owners stay, times may be "set". Truncation
// comes before each write of a shell's ">" and means nothing by itself. The
// reply tells of another size than before, so that the kernel drops the pages:
// sendfile(2) would find what was written in them, not what became of it. Not
// of a smaller one: it would find the file empty until the write. The end is
// where a read says, and the true size is asked for before the next read(2).
void SetAttributes(fuse_req_t request, fuse_ino_t node, struct stat*,
                   int to_set, fuse_file_info*) {
  constexpr int kFixed =
      FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID;
  if ((to_set & kFixed) != 0) return (void)fuse_reply_err(request, EPERM);
  absl::StatusOr<Attributes> attributes =
      ServiceOf(request).tree().Get(CallerOf(request), node);
  if (attributes.ok() && (to_set & FUSE_SET_ATTR_SIZE) != 0) {
    ++attributes->size;
    attributes->fixed = false;
  }
  ReplyAttributes(request, attributes);
}

void ReadLink(fuse_req_t request, fuse_ino_t node) {
  const absl::StatusOr<std::string> target =
      ServiceOf(request).tree().ReadLink(CallerOf(request), node);
  if (!target.ok()) return ReplyError(request, target.status());
  (void)fuse_reply_readlink(request, target->c_str());
}

void OpenFile(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  Service& service = ServiceOf(request);
  // The kernel will not ask again: it opens by itself, and reads its cache.
  if (service.kind() == ServiceKind::kStatic) {
    return (void)fuse_reply_err(request, ENOSYS);
  }
  file->fh = service.open_files().NewHandle();
  file->direct_io = 1;
  file->noflush = 1;
  (void)fuse_reply_open(request, file);
}

void CloseFile(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
  ServiceOf(request).open_files().Forget(file->fh);
  (void)fuse_reply_err(request, 0);
}

std::string_view Piece(std::string_view content, uint64_t offset, size_t size) {
  return offset < content.size() ? content.substr(offset, size)
                                 : std::string_view();
}

// A live file: `offset` 0 begins anew, as with seq_file.
absl::StatusOr<OpenFiles::Content> Snapshot(fuse_req_t request, fuse_ino_t node,
                                            uint64_t handle, uint64_t offset,
                                            size_t size) {
  Service& service = ServiceOf(request);
  OpenFiles& files = service.open_files();
  if (offset > 0) {
    OpenFiles::Content kept = files.Find(handle, offset);
    if (kept != nullptr) return kept;
  }
  SYSBOX_ASSIGN_OR_RETURN(std::string content,
                          service.tree().Read(CallerOf(request), node));
  auto snapshot = std::make_shared<const std::string>(std::move(content));
  files.Keep(handle, snapshot, offset == 0 ? size : 0);
  return snapshot;
}

void ReadFile(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
              fuse_file_info* file) {
  if (offset < 0) return (void)fuse_reply_err(request, EINVAL);
  const auto from = static_cast<uint64_t>(offset);
  Service& service = ServiceOf(request);
  if (service.kind() == ServiceKind::kStatic) {
    const absl::StatusOr<std::string> piece =
        service.tree().ReadPiece(CallerOf(request), node, from, size);
    if (!piece.ok()) return ReplyError(request, piece.status());
    return (void)fuse_reply_buf(request, piece->data(), piece->size());
  }
  // Nobody in particular reads: it is the page cache that asks, for
  // sendfile(2), which would end at the length that it believes in. Refused,
  // it makes programs read instead (busybox's cat).
  if (file->lock_owner == 0) return (void)fuse_reply_err(request, EINVAL);
  const absl::StatusOr<OpenFiles::Content> content =
      Snapshot(request, node, file->fh, from, size);
  if (!content.ok()) return ReplyError(request, content.status());
  const std::string_view piece = Piece(**content, from, size);
  (void)fuse_reply_buf(request, piece.data(), piece.size());
}

void WriteFile(fuse_req_t request, fuse_ino_t node, const char* data,
               size_t size, off_t offset, fuse_file_info* file) {
  if (offset < 0) return (void)fuse_reply_err(request, EINVAL);
  Service& service = ServiceOf(request);
  const absl::Status written = service.tree().Write(
      CallerOf(request), node, {data, size}, static_cast<uint64_t>(offset));
  if (!written.ok()) return ReplyError(request, written);
  service.open_files().Forget(file->fh);  // what was read is out of date
  (void)fuse_reply_write(request, size);
}

void GetStatistics(fuse_req_t request, fuse_ino_t) {
  struct statvfs result = {};
  result.f_bsize = 4096;
  result.f_frsize = 4096;
  result.f_namemax = 255;
  (void)fuse_reply_statfs(request, &result);
}

void ListAttributeNames(fuse_req_t request, fuse_ino_t, size_t size) {
  if (size == 0) return (void)fuse_reply_xattr(request, 0);
  (void)fuse_reply_buf(request, nullptr, 0);
}

// One directory's entries from a position on, until the reply is full.
class Listing {
 public:
  Listing(fuse_req_t request, fuse_ino_t directory, size_t size, bool plus)
      : request_(request),
        directory_(directory),
        plus_(plus),
        buffer_(std::min(size, kMaxListing)) {}

  void Reply(uint64_t position) {
    if (position == kEnd) return (void)fuse_reply_buf(request_, nullptr, 0);
    Service& service = ServiceOf(request_);
    // Before the reply, which the kernel keeps as the list of when it asked:
    // the next reader is told that the directory has changed since.
    if (position == 0 && service.tree().ListsAnew(directory_)) {
      service.ForgetAttributes(directory_);
    }
    absl::StatusOr<std::vector<DirectoryEntry>> entries =
        service.tree().List(CallerOf(request_), directory_);
    if (!entries.ok()) return ReplyError(request_, entries.status());
    entries->insert(entries->begin(), {{".", directory_, S_IFDIR, true},
                                       {"..", kRootNode, S_IFDIR, true}});
    for (uint64_t i = position; i < entries->size(); ++i) {
      const uint64_t next = i + 1 < entries->size() ? i + 1 : kEnd;
      if (!Add((*entries)[i], next, i < 2)) break;
    }
    (void)fuse_reply_buf(request_, buffer_.data(), used_);
  }

 private:
  bool Add(const DirectoryEntry& entry, uint64_t next, bool dots) {
    fuse_entry_param parameters = {};
    if (plus_ && !dots && entry.fixed) {
      const absl::StatusOr<Attributes> found =
          ServiceOf(request_).tree().Lookup(CallerOf(request_), directory_,
                                            entry.name);
      if (found.ok()) parameters = EntryOf(*found);
    }
    if (parameters.ino == 0) {  // name and type only
      parameters.attr.st_ino = entry.node;
      parameters.attr.st_mode = entry.type;
    }
    char* const at = buffer_.data() + used_;
    const size_t left = buffer_.size() - used_;
    const auto offset = static_cast<off_t>(next);
    const size_t taken =
        plus_ ? fuse_add_direntry_plus(request_, at, left, entry.name.c_str(),
                                       &parameters, offset)
              : fuse_add_direntry(request_, at, left, entry.name.c_str(),
                                  &parameters.attr, offset);
    if (taken > left) return false;  // nothing was written
    used_ += taken;
    return true;
  }

  fuse_req_t request_;
  fuse_ino_t directory_;
  bool plus_;
  std::vector<char> buffer_;
  size_t used_ = 0;
};

void List(fuse_req_t request, fuse_ino_t directory, size_t size, off_t position,
          fuse_file_info*) {
  if (position < 0) return (void)fuse_reply_err(request, EINVAL);
  Listing(request, directory, size, false)
      .Reply(static_cast<uint64_t>(position));
}

void ListPlus(fuse_req_t request, fuse_ino_t directory, size_t size,
              off_t position, fuse_file_info*) {
  if (position < 0) return (void)fuse_reply_err(request, EINVAL);
  Listing(request, directory, size, true)
      .Reply(static_cast<uint64_t>(position));
}

fuse_lowlevel_ops MakeOperations() {
  fuse_lowlevel_ops operations = {};
  operations.lookup = Lookup;
  operations.getattr = GetAttributes;
  operations.setattr = SetAttributes;
  operations.readlink = ReadLink;
  operations.open = OpenFile;
  operations.release = CloseFile;
  operations.read = ReadFile;
  operations.write = WriteFile;
  operations.statfs = GetStatistics;
  operations.listxattr = ListAttributeNames;
  operations.readdir = List;
  operations.readdirplus = ListPlus;
  return operations;
}

}  // namespace

const fuse_lowlevel_ops& Operations() {
  static const fuse_lowlevel_ops operations = MakeOperations();
  return operations;
}

}  // namespace sysbox::fuse
