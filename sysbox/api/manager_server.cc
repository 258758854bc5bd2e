#include "sysbox/api/manager_server.h"

#include <utility>

#include "sysbox/api/messages.h"
#include "sysbox/base/status.h"
#include "sysbox/wire/frame.h"

namespace sysbox::api {
namespace {

// One container of a page must fit a frame with room to spare, however its
// names are escaped, else it could be registered but never listed.
constexpr size_t kMaxListed = wire::kMaxPayload - 1024;
constexpr size_t kPageLimit = 256;

absl::Status CheckListable(const Registration& registration) {
  ContainerSummary summary = {.id = registration.id,
                              .bundle = registration.bundle,
                              .rootfs = registration.rootfs,
                              .pid = 0,
                              .maps = {}};
  if (registration.requested_maps) summary.maps = *registration.requested_maps;
  const size_t size = json::Write(ToListed(summary)).size();
  if (size <= kMaxListed) return absl::OkStatus();
  return InvalidArgument("registration of {} bytes, the limit is {}", size,
                         kMaxListed);
}

absl::StatusOr<Answer<RegisteredReply>> Register(ManagerBackend* backend,
                                                 const Peer& peer,
                                                 const RegisterRequest& request,
                                                 std::vector<Fd> fds) {
  SYSBOX_ASSIGN_OR_RETURN(Registration registration,
                          FromRequest(request, std::move(fds)));
  SYSBOX_RETURN_IF_ERROR(CheckListable(registration));
  SYSBOX_ASSIGN_OR_RETURN(Registered registered,
                          backend->Register(peer, std::move(registration)));
  Answer<RegisteredReply> answer = ToReply(registered);
  if (registered.emulated.valid()) {
    answer.fds.push_back(std::move(registered.emulated.static_files));
    answer.fds.push_back(std::move(registered.emulated.live_files));
  }
  return answer;
}

absl::StatusOr<Done> Activate(ManagerBackend* backend, const Peer& peer,
                              const ActivateRequest& request,
                              std::vector<Fd> fds) {
  if (request.pid <= 0) return InvalidArgument("pid: {}", request.pid);
  SYSBOX_RETURN_IF_ERROR(backend->Activate(
      peer, request.id, Pidfd(request.pid, std::move(fds[0]))));
  return Done{};
}

absl::StatusOr<ListedReply> ListPage(ManagerBackend* backend,
                                     const ListRequest& request) {
  SYSBOX_ASSIGN_OR_RETURN(std::vector<ContainerSummary> summaries,
                          backend->List(request.after, kPageLimit));
  ListedReply reply;
  size_t size = 0;
  for (const ContainerSummary& summary : summaries) {
    ListedContainer listed = ToListed(summary);
    size += json::Write(listed).size() + 1;
    if (size > kMaxListed && !reply.containers.empty()) {
      reply.more = true;
      return reply;
    }
    reply.containers.push_back(std::move(listed));
  }
  reply.more = summaries.size() == kPageLimit;
  return reply;
}

}  // namespace

void ServeManager(Server* server, ManagerBackend* backend) {
  server->Handle<RegisterRequest, RegisteredReply>(
      MessageId::kRegister,
      [backend](const Peer& peer, const RegisterRequest& request,
                std::vector<Fd> fds) {
        return Register(backend, peer, request, std::move(fds));
      });
  server->Handle<ActivateRequest, Done>(
      MessageId::kActivate,
      [backend](const Peer& peer, const ActivateRequest& request,
                std::vector<Fd> fds) {
        return Activate(backend, peer, request, std::move(fds));
      });
  server->Handle<AliasDnsRequest, DnsAliasReply>(
      MessageId::kAliasDns,
      [backend](const Peer&, const AliasDnsRequest& request,
                std::vector<Fd>) -> absl::StatusOr<Answer<DnsAliasReply>> {
        SYSBOX_ASSIGN_OR_RETURN(std::string address,
                                backend->AliasDns(request.id));
        return DnsAliasReply{std::move(address)};
      });
  server->Handle<UnregisterRequest, Done>(
      MessageId::kUnregister,
      [backend](const Peer&, const UnregisterRequest& request,
                std::vector<Fd>) -> absl::StatusOr<Answer<Done>> {
        SYSBOX_RETURN_IF_ERROR(backend->Unregister(request.id));
        return Done{};
      });
  server->Handle<ListRequest, ListedReply>(
      MessageId::kList,
      [backend](const Peer&, const ListRequest& request, std::vector<Fd>) {
        return ListPage(backend, request);
      });
}

}  // namespace sysbox::api
