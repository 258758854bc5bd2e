#include "sysbox/api/messages.h"

#include <algorithm>

#include "sysbox/base/status.h"
#include "sysbox/ids/id_map_text.h"

namespace sysbox::api {
namespace {

using Id = MessageId;

constexpr MessageInfo kMessages[] = {
    {Id::kError, "error", Id::kError, 0, 0},
    {Id::kHello, "hello", Id::kWelcome, 0, 0},
    {Id::kWelcome, "welcome", Id::kError, 0, 0},
    {Id::kDone, "done", Id::kError, 0, 0},
    {Id::kRegister, "register", Id::kRegistered, 0, 1},
    {Id::kRegistered, "registered", Id::kError, 0, 2},
    {Id::kActivate, "activate", Id::kDone, 1, 1},
    {Id::kUnregister, "unregister", Id::kDone, 0, 0},
    {Id::kList, "list", Id::kListed, 0, 0},
    {Id::kListed, "listed", Id::kError, 0, 0},
    {Id::kAliasDns, "aliasDns", Id::kDnsAlias, 0, 0},
    {Id::kDnsAlias, "dnsAlias", Id::kError, 0, 0},
    {Id::kStoredValues, "storedValues", Id::kContent, 0, 0},
    {Id::kContent, "content", Id::kError, 1, 1},
    {Id::kListEmulated, "listEmulated", Id::kContent, 0, 0},
    {Id::kReadEmulated, "readEmulated", Id::kContent, 0, 0},
    {Id::kListen, "listen", Id::kDone, 1, 1},
};

constexpr bool ById(const MessageInfo& a, const MessageInfo& b) {
  return a.id < b.id;
}
static_assert(std::is_sorted(std::begin(kMessages), std::end(kMessages), ById));

absl::StatusOr<IdMaps> ParseMaps(std::string_view uids, std::string_view gids) {
  IdMaps maps;
  SYSBOX_ASSIGN_OR_RETURN(maps.uids, ParseIdMap(uids), "uids");
  SYSBOX_ASSIGN_OR_RETURN(maps.gids, ParseIdMap(gids), "gids");
  return maps;
}

}  // namespace

absl::Span<const MessageInfo> Messages() { return kMessages; }

const MessageInfo* FindMessage(uint16_t number) {
  const MessageInfo key = {static_cast<MessageId>(number), "", {}, 0, 0};
  const auto* found =
      std::lower_bound(std::begin(kMessages), std::end(kMessages), key, ById);
  if (found == std::end(kMessages) || found->id != key.id) return nullptr;
  return found;
}

ErrorReply ToErrorReply(const absl::Status& status) {
  // A message that fits a frame, whatever its characters turn into.
  constexpr size_t kMaxText = 8192;
  return {.code = static_cast<int32_t>(status.code()),
          .error = ErrnoOf(status),
          .message = std::string(MessageOf(status).substr(0, kMaxText))};
}

absl::Status FromErrorReply(const ErrorReply& reply) {
  return RestoreStatus(reply.code, reply.error, reply.message);
}

RegisterRequest ToRequest(const Registration& registration) {
  RegisterRequest request = {.id = registration.id,
                             .bundle = registration.bundle,
                             .rootfs = registration.rootfs,
                             .uids = {},
                             .gids = {},
                             .range_size = registration.range_size,
                             .emulate = registration.emulate,
                             .host_data_roots = registration.host_data_roots};
  if (registration.requested_maps) {
    request.uids = FormatIdMap(registration.requested_maps->uids);
    request.gids = FormatIdMap(registration.requested_maps->gids);
  }
  return request;
}

absl::StatusOr<Registration> FromRequest(const RegisterRequest& request,
                                         std::vector<Fd> fds) {
  Registration registration;
  registration.id = request.id;
  registration.bundle = request.bundle;
  registration.rootfs = request.rootfs;
  registration.range_size = request.range_size;
  registration.emulate = request.emulate;
  registration.host_data_roots = request.host_data_roots;
  if (request.uids || request.gids) {
    SYSBOX_ASSIGN_OR_RETURN(
        registration.requested_maps,
        ParseMaps(request.uids.value_or(""), request.gids.value_or("")));
  }
  if (!fds.empty()) registration.shared_user_namespace = std::move(fds[0]);
  return registration;
}

RegisteredReply ToReply(const Registered& registered) {
  return {.uids = FormatIdMap(registered.maps.uids),
          .gids = FormatIdMap(registered.maps.gids),
          .shares_user_namespace = registered.shares_user_namespace,
          .policy = registered.policy,
          .emulated = registered.emulated.valid(),
          .intercepts = registered.intercepts};
}

absl::StatusOr<Registered> FromReply(const RegisteredReply& reply,
                                     std::vector<Fd> fds) {
  Registered registered;
  if (fds.size() != (reply.emulated ? 2 : 0)) {
    return InvalidArgument("registered: {} descriptors", fds.size());
  }
  if (reply.emulated) {
    registered.emulated = {std::move(fds[0]), std::move(fds[1])};
  }
  SYSBOX_ASSIGN_OR_RETURN(registered.maps, ParseMaps(reply.uids, reply.gids));
  registered.shares_user_namespace = reply.shares_user_namespace;
  registered.policy = reply.policy;
  registered.intercepts = reply.intercepts;
  return registered;
}

ListedContainer ToListed(const ContainerSummary& summary) {
  return {.id = summary.id,
          .bundle = summary.bundle,
          .rootfs = summary.rootfs,
          .pid = summary.pid,
          .uids = FormatIdMap(summary.maps.uids),
          .gids = FormatIdMap(summary.maps.gids)};
}

absl::StatusOr<ContainerSummary> FromListed(const ListedContainer& listed) {
  ContainerSummary summary = {.id = listed.id,
                              .bundle = listed.bundle,
                              .rootfs = listed.rootfs,
                              .pid = listed.pid,
                              .maps = {}};
  SYSBOX_ASSIGN_OR_RETURN(summary.maps, ParseMaps(listed.uids, listed.gids));
  return summary;
}

}  // namespace sysbox::api
