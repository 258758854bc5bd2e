#include "sysbox/mounts/locking_stage.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/mounts/child_report.h"

namespace sysbox::mounts {
namespace {

// A request to the child: one of these, and for kPut the name.
constexpr char kCopy = 'c';
constexpr char kPut = 'p';
constexpr char kCover = 'v';
constexpr size_t kMaxRequest = 64;

absl::Status Propagate(FdRef mount, uint64_t how, bool recursive = false) {
  return SetMountAttributes(mount, {.set = 0, .clear = 0, .propagation = how},
                            recursive);
}

absl::StatusOr<DetachedMount> MakeTmpfs() {
  return NewFilesystem(
      "tmpfs", "tmpfs", {{"mode", "0711"}, {"size", "64k"}},
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

absl::StatusOr<DetachedMount> MakeInner(const DetachedMount& outer) {
  SYSBOX_RETURN_IF_ERROR(Propagate(outer.fd(), MS_SHARED));
  SYSBOX_ASSIGN_OR_RETURN(DetachedMount inner,
                          CloneTree(outer.fd(), "", false));
  SYSBOX_RETURN_IF_ERROR(Propagate(inner.fd(), MS_SLAVE));
  return inner;
}

absl::Status PutOn(const DetachedMount& outer, const DetachedMount& mount,
                   const std::string& name) {
  SYSBOX_ASSIGN_OR_RETURN(const struct stat found, Stat(mount.fd()));
  SYSBOX_RETURN_IF_ERROR(
      S_ISDIR(found.st_mode)
          ? MakeDirectoryAt(outer.fd(), name, 0700)
          : MakeNodeAt(outer.fd(), name, S_IFREG | 0600, /*device=*/0));
  SYSBOX_ASSIGN_OR_RETURN(const Fd place,
                          OpenAt(outer.fd(), name, {.flags = O_PATH}));
  return AttachMount(mount, place);
}

// `base` has to be where nothing can be mounted on what is detached: it is
// attached there, as `name`, meanwhile. Else null.
absl::Status CoverOn(const DetachedMount& mount, const DetachedMount* base,
                     const std::string& name) {
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount lower,
                          CloneTree(mount.fd(), "", false));
  SYSBOX_ASSIGN_OR_RETURN(const DetachedMount upper,
                          CloneTree(mount.fd(), "", true));
  // Peers of `mount` as clones of it: what is mounted on one would be on all.
  SYSBOX_RETURN_IF_ERROR(Propagate(lower.fd(), MS_PRIVATE));
  SYSBOX_RETURN_IF_ERROR(Propagate(upper.fd(), MS_PRIVATE, true));
  if (base != nullptr) SYSBOX_RETURN_IF_ERROR(PutOn(*base, lower, name));
  SYSBOX_RETURN_IF_ERROR(AttachMount(upper, lower.fd()));
  return AttachMount(lower, mount.fd());
}

// The child of kAttached, in its mount namespace.
class Server {
 public:
  explicit Server(Fd socket) : socket_(std::move(socket)) {}
  // Until the other end is closed.
  absl::Status Run();

 private:
  // The inner half.
  absl::StatusOr<std::vector<DetachedMount>> SetUp();
  absl::StatusOr<std::vector<DetachedMount>> Answer(const std::string& request,
                                                    std::vector<Fd> fds);
  absl::StatusOr<std::vector<DetachedMount>> CopyTwice(
      const DetachedMount& mount);

  Fd socket_;
  DetachedMount base_;  // private, with a directory for each of the others
  DetachedMount outer_;
};

absl::StatusOr<std::vector<DetachedMount>> Server::SetUp() {
  // The launcher's end above all, or its death would go unnoticed.
  SYSBOX_RETURN_IF_ERROR(CloseFrom(STDERR_FILENO + 1, {socket_.get()}));
  SYSBOX_ASSIGN_OR_RETURN(const Fd top,
                          Open("/", {.flags = O_PATH | O_DIRECTORY}));
  SYSBOX_RETURN_IF_ERROR(Propagate(top, MS_PRIVATE, /*recursive=*/true));
  SYSBOX_ASSIGN_OR_RETURN(base_, MakeTmpfs());
  SYSBOX_RETURN_IF_ERROR(AttachMount(base_, top));
  SYSBOX_ASSIGN_OR_RETURN(outer_, MakeTmpfs());
  SYSBOX_RETURN_IF_ERROR(PutOn(base_, outer_, "outer"));
  std::vector<DetachedMount> inner(1);
  SYSBOX_ASSIGN_OR_RETURN(inner.front(), MakeInner(outer_));
  return inner;
}

// What is attached here can be cloned, but not leave again.
absl::StatusOr<std::vector<DetachedMount>> Server::CopyTwice(
    const DetachedMount& mount) {
  SYSBOX_RETURN_IF_ERROR(PutOn(base_, mount, "copied"));
  std::vector<DetachedMount> copies(2);
  SYSBOX_ASSIGN_OR_RETURN(copies[0], CloneTree(mount.fd(), "", true));
  SYSBOX_ASSIGN_OR_RETURN(copies[1], CloneTree(mount.fd(), "", false));
  return copies;
}

absl::StatusOr<std::vector<DetachedMount>> Server::Answer(
    const std::string& request, std::vector<Fd> fds) {
  if (fds.size() != 1) return Internal("request without a mount");
  const DetachedMount mount(std::move(fds.front()));
  if (request.front() == kCopy) return CopyTwice(mount);
  if (request.front() == kCover) {
    SYSBOX_RETURN_IF_ERROR(CoverOn(mount, &base_, request.substr(1)));
    return std::vector<DetachedMount>();
  }
  SYSBOX_RETURN_IF_ERROR(PutOn(outer_, mount, request.substr(1)));
  return std::vector<DetachedMount>();
}

absl::Status Server::Run() {
  SYSBOX_RETURN_IF_ERROR(SetProcessName("sysbox[0:lock]"));
  SYSBOX_RETURN_IF_ERROR(Report(socket_, SetUp()));
  while (true) {
    SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage request,
                            ReceiveMessage(socket_, kMaxRequest, 1));
    if (request.end_of_file) return absl::OkStatus();
    SYSBOX_RETURN_IF_ERROR(
        Report(socket_, Answer(request.data, std::move(request.fds))));
  }
}

// What kernels say that do not clone detached mounts.
bool MayBeUnsupported(const absl::Status& status) {
  return ErrnoOf(status) == EINVAL;
}

}  // namespace

absl::Status LockingStage::Detach() {
  SYSBOX_ASSIGN_OR_RETURN(outer_, MakeTmpfs());
  SYSBOX_ASSIGN_OR_RETURN(inner_, MakeInner(outer_));
  return absl::OkStatus();
}

absl::Status LockingStage::StartChild() {
  SYSBOX_ASSIGN_OR_RETURN(auto sockets, SocketPair(SocketKind::kSeqPacket));
  SYSBOX_ASSIGN_OR_RETURN(std::optional<OwnedChild> child,
                          Clone({.flags = CLONE_NEWNS,
                                 .into_cgroup = std::nullopt,
                                 .exit_signal = SIGCHLD}));
  if (!child.has_value()) {
    _exit(Server(std::move(sockets.second)).Run().ok() ? 0 : 1);
  }
  child_ = *std::move(child);
  requests_ = std::move(sockets.first);
  sockets.second.Reset();
  SYSBOX_ASSIGN_OR_RETURN(auto inner, ReadReport(requests_));
  if (inner.size() != 1) return Internal("no inner half of the stage");
  inner_ = std::move(inner.front());
  return absl::OkStatus();
}

absl::StatusOr<LockingStage> LockingStage::MakeBy(Method method) {
  LockingStage stage;
  SYSBOX_RETURN_IF_ERROR(method == Method::kDetached ? stage.Detach()
                                                     : stage.StartChild());
  return stage;
}

absl::StatusOr<LockingStage> LockingStage::Make() {
  auto stage = MakeBy(Method::kDetached);
  if (stage.ok() || !MayBeUnsupported(stage.status())) return stage;
  return MakeBy(Method::kAttached);
}

absl::StatusOr<DetachedMount> LockingStage::Copy(DetachedMount& mount) {
  if (outer_.valid()) return CloneTree(mount.fd(), "", false);
  const FdRef fd = mount.fd();
  SYSBOX_RETURN_IF_ERROR(
      SendMessage(requests_, std::string(1, kCopy), {&fd, 1}));
  SYSBOX_ASSIGN_OR_RETURN(auto copies, ReadReport(requests_));
  if (copies.size() != 2) return Internal("no copy of a mount");
  mount = std::move(copies[0]);
  return std::move(copies[1]);
}

absl::Status LockingStage::Put(const DetachedMount& mount,
                               const std::string& name) {
  if (outer_.valid()) return PutOn(outer_, mount, name);
  const FdRef fd = mount.fd();
  SYSBOX_RETURN_IF_ERROR(
      SendMessage(requests_, fmt::format("{}{}", kPut, name), {&fd, 1}));
  return ReadReport(requests_).status();
}

absl::Status LockingStage::Cover(const DetachedMount& mount,
                                 const std::string& name) {
  if (outer_.valid()) return CoverOn(mount, nullptr, name);
  const FdRef fd = mount.fd();
  SYSBOX_RETURN_IF_ERROR(
      SendMessage(requests_, fmt::format("{}{}", kCover, name), {&fd, 1}));
  return ReadReport(requests_).status();
}

}  // namespace sysbox::mounts
