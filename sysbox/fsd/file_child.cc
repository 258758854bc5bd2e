#include "sysbox/fsd/file_child.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include "sysbox/api/event_loop.h"
#include "sysbox/api/messages.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/fsd/emulation.h"
#include "sysbox/fsd/interception.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {
namespace {

constexpr size_t kMaxMessage = size_t{16} << 10;
constexpr char kFine[] = "{}";
constexpr char kListen[] = "listen";

// Of any length and '#' in none, an id is a file's name if it is short.
std::string SocketPath(const std::string& run_dir, const std::string& id) {
  constexpr size_t kLongest = 64;
  std::string name = id;
  if (id.size() > kLongest) {
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (unsigned char c : id) hash = (hash ^ c) * 0x100000001b3;
    name = fmt::format("#{:016x}", hash);
  }
  return fmt::format("{}/embedded/{}", run_dir, name);
}

absl::Status LeaveTheRuntime(FdRef socket) {
  SYSBOX_RETURN_IF_ERROR(SetProcessName("sysbox[fs]"));
  SYSBOX_RETURN_IF_ERROR(ResetSignals());
  SYSBOX_RETURN_IF_ERROR(NewSession());
  SYSBOX_ASSIGN_OR_RETURN(Fd null, Open("/dev/null", {.flags = O_RDWR}));
  for (int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    SYSBOX_RETURN_IF_ERROR(DuplicateOnto(null, number));
  }
  return CloseFrom(STDERR_FILENO + 1, {socket.get()});
}

// One container's server.
class FileChild {
 public:
  FileChild(FdRef socket, const FileChildOptions& options)
      : socket_(socket), options_(options) {}
  absl::Status Serve();
  absl::Status Run() { return loop_->Run(); }
  void CleanUp();

 private:
  void OnMessage();
  absl::Status TakeMessage();
  absl::Status TakeInit(ReceivedMessage message);
  absl::Status TakeListener(ReceivedMessage message);
  absl::Status OpenDoor();
  void OnVisitor();
  void OnVisitorsMessage();
  void CloseVisitor();

  FdRef socket_;
  const FileChildOptions& options_;
  std::unique_ptr<api::EventLoop> loop_;
  api::EventLoop::Token socket_token_ = 0;
  std::unique_ptr<registry::ContainerRegistry> registry_;
  std::unique_ptr<Emulation> emulation_;
  std::unique_ptr<Interception> interception_;
  Pidfd init_;
  // In the file system, and whoever came in by it: one at a time.
  Fd door_;
  api::EventLoop::Token door_token_ = 0;
  Fd visitor_;
  api::EventLoop::Token visitor_token_ = 0;
};

absl::Status FileChild::Serve() {
  SYSBOX_ASSIGN_OR_RETURN(loop_, api::EventLoop::Create());
  SYSBOX_ASSIGN_OR_RETURN(registry_, registry::ContainerRegistry::Open(
                                         options_.run_dir + "/values"));
  SYSBOX_ASSIGN_OR_RETURN(std::shared_ptr<registry::Container> container,
                          registry_->Add(options_.id, options_.maps));
  SYSBOX_ASSIGN_OR_RETURN(emulation_, Emulation::Start(nullptr));
  SYSBOX_ASSIGN_OR_RETURN(const api::EmulatedFilesystems mounts,
                          emulation_->Serve(std::move(container)));
  SYSBOX_ASSIGN_OR_RETURN(interception_, Interception::Start(nullptr, {}));
  SYSBOX_RETURN_IF_ERROR(interception_->Watch(loop_.get()));
  SYSBOX_RETURN_IF_ERROR(OpenDoor());
  const FdRef fds[] = {mounts.static_files, mounts.live_files};
  SYSBOX_RETURN_IF_ERROR(SendMessage(socket_, kFine, fds));
  SYSBOX_ASSIGN_OR_RETURN(
      socket_token_,
      loop_->Watch(socket_, EPOLLIN, [this](uint32_t) { OnMessage(); }));
  return absl::OkStatus();
}

absl::Status FileChild::TakeMessage() {
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(socket_, kMaxMessage, 1));
  if (message.end_of_file) {
    loop_->Unwatch(socket_token_);
    if (!init_.valid()) loop_->Stop();
    return absl::OkStatus();
  }
  SYSBOX_RETURN_IF_ERROR(message.data == kListen
                             ? TakeListener(std::move(message))
                             : TakeInit(std::move(message)));
  return SendMessage(socket_, kFine, {});
}

absl::Status FileChild::TakeInit(ReceivedMessage message) {
  const auto pid = ParseUint64(message.data);
  if (!pid || message.fds.size() != 1) return Internal("odd message");
  init_ = Pidfd(static_cast<pid_t>(*pid), std::move(message.fds[0]));
  SYSBOX_RETURN_IF_ERROR(registry_->Activate(options_.id, init_.pid()));
  return loop_->Watch(init_.fd(), EPOLLIN, [this](uint32_t) { loop_->Stop(); })
      .status();
}

absl::Status FileChild::TakeListener(ReceivedMessage message) {
  const std::shared_ptr<registry::Container> container =
      registry_->Find(options_.id);
  if (container == nullptr || message.fds.size() != 1) {
    return Internal("odd message");
  }
  return interception_->Serve(*container, emulation_->ViewOf(options_.id),
                              std::move(message.fds[0]));
}

void FileChild::OnMessage() {
  const absl::Status status = TakeMessage();
  if (status.ok()) return;
  // The runtime gives up, and then nobody is left to serve.
  (void)SendMessage(socket_, json::Write(api::ToErrorReply(status)), {});
  loop_->Stop();
}

absl::Status FileChild::OpenDoor() {
  SYSBOX_RETURN_IF_ERROR(MakeDirectories(options_.run_dir + "/embedded", 0700));
  SYSBOX_ASSIGN_OR_RETURN(
      door_, ListenUnix(SocketKind::kSeqPacket,
                        SocketPath(options_.run_dir, options_.id), 0600));
  SYSBOX_ASSIGN_OR_RETURN(
      door_token_,
      loop_->Watch(door_, EPOLLIN, [this](uint32_t) { OnVisitor(); }));
  return absl::OkStatus();
}

void FileChild::OnVisitor() {
  absl::StatusOr<Fd> visitor = Accept(door_);
  if (!visitor.ok()) return;
  const absl::StatusOr<PeerCredentials> peer = CredentialsOf(*visitor);
  if (!peer.ok() || peer->uid != 0) return;
  // The next one waits until this one has been heard.
  visitor_ = *std::move(visitor);
  auto token = loop_->Watch(visitor_, EPOLLIN,
                            [this](uint32_t) { OnVisitorsMessage(); });
  if (!token.ok()) return visitor_.Reset();
  visitor_token_ = *token;
  (void)loop_->Change(door_token_, 0);
}

void FileChild::OnVisitorsMessage() {
  absl::StatusOr<ReceivedMessage> message =
      ReceiveMessage(visitor_, kMaxMessage, 1);
  if (!message.ok() || message->end_of_file) return CloseVisitor();
  const absl::Status taken = message->data == kListen
                                 ? TakeListener(*std::move(message))
                                 : Internal("odd message");
  (void)SendMessage(
      visitor_, taken.ok() ? kFine : json::Write(api::ToErrorReply(taken)), {});
  CloseVisitor();
}

void FileChild::CloseVisitor() {
  loop_->Unwatch(visitor_token_);
  visitor_.Reset();
  (void)loop_->Change(door_token_, EPOLLIN);
}

void FileChild::CleanUp() {
  if (door_.valid()) {
    // It is on a tmpfs, and a stale one would be replaced.
    (void)Unlink(SocketPath(options_.run_dir, options_.id));
  }
  interception_.reset();
  emulation_.reset();
  if (registry_ != nullptr) {
    (void)registry_->Remove(options_.id);  // it is on a tmpfs
  }
}

absl::Status Live(FdRef socket, const FileChildOptions& options) {
  SYSBOX_RETURN_IF_ERROR(LeaveTheRuntime(socket));
  FileChild child(socket, options);
  absl::Status status = child.Serve();
  if (!status.ok()) {
    (void)SendMessage(socket, json::Write(api::ToErrorReply(status)), {});
  } else {
    status = child.Run();
  }
  child.CleanUp();
  return status;
}

}  // namespace

int RunFileChild(FdRef socket, const FileChildOptions& options) {
  return Live(socket, options).ok() ? 0 : 1;
}

absl::Status SendInit(FdRef socket, const Pidfd& init) {
  const FdRef fds[] = {init.fd()};
  return SendMessage(socket, fmt::format("{}", init.pid()), fds);
}

absl::Status SendListener(FdRef socket, FdRef listener) {
  const FdRef fds[] = {listener};
  return SendMessage(socket, kListen, fds);
}

absl::StatusOr<Fd> ConnectToFileChild(const std::string& run_dir,
                                      const std::string& id) {
  absl::StatusOr<Fd> socket =
      ConnectUnix(SocketKind::kSeqPacket, SocketPath(run_dir, id));
  const int error = ErrnoOf(socket.status());
  if (error == ENOENT || error == ECONNREFUSED) {
    return NotFound("no process serves \"{}\"", id);
  }
  return socket;
}

absl::StatusOr<std::vector<Fd>> ReceiveFromFileChild(FdRef socket,
                                                     size_t count) {
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(socket, kMaxMessage, count));
  if (message.end_of_file) {
    return absl::UnavailableError("the process that serves them has ended");
  }
  if (message.data != kFine) {
    SYSBOX_ASSIGN_OR_RETURN(const api::ErrorReply error,
                            json::Parse<api::ErrorReply>(message.data));
    return api::FromErrorReply(error);
  }
  if (message.fds.size() != count) return Internal("a descriptor is missing");
  return std::move(message.fds);
}

}  // namespace sysbox::fsd
