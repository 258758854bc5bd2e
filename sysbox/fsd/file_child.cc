#include "sysbox/fsd/file_child.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "sysbox/api/event_loop.h"
#include "sysbox/api/messages.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/fsd/emulation.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/socket.h"
#include "sysbox/registry/container_registry.h"

namespace sysbox::fsd {
namespace {

constexpr size_t kMaxMessage = size_t{16} << 10;
constexpr char kFine[] = "{}";

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
  absl::Status TakeInit();

  FdRef socket_;
  const FileChildOptions& options_;
  std::unique_ptr<api::EventLoop> loop_;
  api::EventLoop::Token socket_token_ = 0;
  std::unique_ptr<registry::ContainerRegistry> registry_;
  std::unique_ptr<Emulation> emulation_;
  Pidfd init_;
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
  const FdRef fds[] = {mounts.static_files, mounts.live_files};
  SYSBOX_RETURN_IF_ERROR(SendMessage(socket_, kFine, fds));
  SYSBOX_ASSIGN_OR_RETURN(
      socket_token_,
      loop_->Watch(socket_, EPOLLIN, [this](uint32_t) { OnMessage(); }));
  return absl::OkStatus();
}

absl::Status FileChild::TakeInit() {
  SYSBOX_ASSIGN_OR_RETURN(ReceivedMessage message,
                          ReceiveMessage(socket_, kMaxMessage, 1));
  if (message.end_of_file) {
    loop_->Unwatch(socket_token_);
    if (!init_.valid()) loop_->Stop();
    return absl::OkStatus();
  }
  const auto pid = ParseUint64(message.data);
  if (!pid || message.fds.size() != 1) return Internal("odd message");
  init_ = Pidfd(static_cast<pid_t>(*pid), std::move(message.fds[0]));
  SYSBOX_RETURN_IF_ERROR(registry_->Activate(options_.id, init_.pid()));
  SYSBOX_RETURN_IF_ERROR(
      loop_->Watch(init_.fd(), EPOLLIN, [this](uint32_t) { loop_->Stop(); })
          .status());
  return SendMessage(socket_, kFine, {});
}

void FileChild::OnMessage() {
  const absl::Status status = TakeInit();
  if (status.ok()) return;
  // The runtime gives up, and then nobody is left to serve.
  (void)SendMessage(socket_, json::Write(api::ToErrorReply(status)), {});
  loop_->Stop();
}

void FileChild::CleanUp() {
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
