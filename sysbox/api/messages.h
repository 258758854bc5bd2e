// The messages between a runtime and the daemon: numbers, payloads, and what
// may ride in them. JSON through json/codec.h in frames of wire/.
//
//     runtime                               daemon
//     kHello {protocol, version}      ──▶
//     kRegister {id, …} [userns]      ──▶          sent without waiting
//                                     ◀──   kWelcome {protocol, version}
//                                     ◀──   kRegistered {maps, policy}
//                                           [static and live filesystem]
//        … clones the container's init …
//     kActivate {id, pid} [pidfd]     ──▶
//                                     ◀──   kDone
//     kListen {id} [listener]         ──▶          if its calls are trapped
//                                     ◀──   kDone
//     (hangs up; or kUnregister {id} ──▶ ◀── kDone; kList likewise)
//
//     runtime, as it lets the container begin
//     kHello, kAliasDns {id}          ──▶          if it has Docker's resolver
//                                     ◀──   kWelcome, kDnsAlias {address}
//
// Every request has one reply with its request id: the one below it in the
// table, or kError. A hang-up before kActivate frees what kRegister reserved.
// Numbers are never reused. Changing what a message means or requires means
// raising kProtocol; new optional fields do not (unknown ones are skipped).
#ifndef SYSBOX_API_MESSAGES_H_
#define SYSBOX_API_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sysbox/api/manager.h"
#include "sysbox/json/codec.h"

namespace sysbox::api {

inline constexpr uint32_t kProtocol = 1;

// Blocks: 1-15 connection, 16-63 manager, 64-127 emulated filesystem,
// 128-191 interception, 192-255 administration.
enum class MessageId : uint16_t {
  kError = 1,          // any request went wrong: code, errno, text
  kHello = 2,          // first of all: protocol and version of the client
  kWelcome = 3,        // the daemon's
  kDone = 4,           // done, and there is nothing to say about it
  kRegister = 16,      // reserve ids for a container, get its policy
  kRegistered = 17,    // id maps, policy; maybe the emulated filesystems
  kActivate = 18,      // the container's init exists; carries its pidfd
  kUnregister = 19,    // free what kRegister reserved
  kList = 20,          // one page of containers
  kListed = 21,        // …, and whether there are more
  kAliasDns = 22,      // Docker's resolver for containers inside, too
  kDnsAlias = 23,      // the address that it has for them
  kStoredValues = 64,  // what a container has stored for itself
  kContent = 65,       // a memfd with a text of any length
  kListEmulated = 66,  // a directory as a container is served it
  kReadEmulated = 67,  // a file as a container is served it
  kListen = 128,       // a seccomp listener of a process of a container's
};

// One row per message, sorted by number.
struct MessageInfo {
  MessageId id;
  std::string_view name;
  MessageId reply;   // of a request; kError marks what is a reply itself
  uint16_t min_fds;  // descriptors that ride in it
  uint16_t max_fds;
};
absl::Span<const MessageInfo> Messages();
// nullptr if there is no such message.
const MessageInfo* FindMessage(uint16_t number);

struct ErrorReply {
  int32_t code = 0;   // absl::StatusCode
  int32_t error = 0;  // errno; 0: none
  std::string message;
};
ErrorReply ToErrorReply(const absl::Status& status);
absl::Status FromErrorReply(const ErrorReply& reply);

struct Hello {
  uint32_t protocol = kProtocol;
  std::string version;  // of the program, for people
};
struct Welcome {
  uint32_t protocol = kProtocol;
  std::string version;
};
struct Done {};

struct RegisterRequest {
  std::string id;
  std::string bundle;
  std::string rootfs;
  std::optional<std::string> uids;  // requested maps, as ids/id_map_text.h
  std::optional<std::string> gids;
  uint32_t range_size = 0;
  bool emulate = false;
  std::vector<HostDataRoot> host_data_roots;
};
RegisterRequest ToRequest(const Registration& registration);
// Takes the user namespace from `fds` if there is one.
absl::StatusOr<Registration> FromRequest(const RegisterRequest& request,
                                         std::vector<Fd> fds);

struct RegisteredReply {
  std::string uids;
  std::string gids;
  bool shares_user_namespace = false;
  Policy policy;
  bool emulated = false;  // two descriptors: static, live
  bool intercepts = false;
};
RegisteredReply ToReply(const Registered& registered);
absl::StatusOr<Registered> FromReply(const RegisteredReply& reply,
                                     std::vector<Fd> fds);

struct ActivateRequest {
  std::string id;
  int32_t pid = 0;
};
struct ListenRequest {
  std::string id;
};
struct UnregisterRequest {
  std::string id;
};
struct AliasDnsRequest {
  std::string id;
};
struct DnsAliasReply {
  std::string address;  // "": none
};
// Answered by kContent: for kStoredValues a JSON object of strings, for
// kListEmulated one name per line, a directory's with a '/' behind it.
struct StoredValuesRequest {
  std::string id;
};
struct ListEmulatedRequest {
  std::string id;
  std::string path;  // "/proc/sys"
};
struct ReadEmulatedRequest {
  std::string id;
  std::string path;
};
struct Content {};

struct ListRequest {
  std::string after;  // the last id of the page before; "": first page
};
struct ListedContainer {
  std::string id;
  std::string bundle;
  std::string rootfs;
  int32_t pid = 0;
  std::string uids;
  std::string gids;
};
struct ListedReply {
  std::vector<ListedContainer> containers;  // sorted by id
  bool more = false;
};
ListedContainer ToListed(const ContainerSummary& summary);
absl::StatusOr<ContainerSummary> FromListed(const ListedContainer& listed);

}  // namespace sysbox::api

namespace sysbox::json {

template <>
struct Fields<api::ErrorReply> {
  static constexpr auto kTable =
      std::make_tuple(Required("code", &api::ErrorReply::code),
                      Optional("errno", &api::ErrorReply::error),
                      Required("message", &api::ErrorReply::message));
};
template <>
struct Fields<api::Hello> {
  static constexpr auto kTable =
      std::make_tuple(Required("protocol", &api::Hello::protocol),
                      Optional("version", &api::Hello::version));
};
template <>
struct Fields<api::Welcome> {
  static constexpr auto kTable =
      std::make_tuple(Required("protocol", &api::Welcome::protocol),
                      Optional("version", &api::Welcome::version));
};
template <>
struct Fields<api::Done> {
  static constexpr auto kTable = std::make_tuple();
};
template <>
struct Fields<api::HostDataRoot> {
  static constexpr auto kTable =
      std::make_tuple(Required("target", &api::HostDataRoot::target),
                      Required("path", &api::HostDataRoot::path),
                      Required("names", &api::HostDataRoot::names));
};
template <>
struct Fields<api::RegisterRequest> {
  static constexpr auto kTable = std::make_tuple(
      Required("id", &api::RegisterRequest::id),
      Optional("bundle", &api::RegisterRequest::bundle),
      Optional("rootfs", &api::RegisterRequest::rootfs),
      Optional("uids", &api::RegisterRequest::uids),
      Optional("gids", &api::RegisterRequest::gids),
      Required("rangeSize", &api::RegisterRequest::range_size),
      Optional("emulate", &api::RegisterRequest::emulate),
      Optional("hostDataRoots", &api::RegisterRequest::host_data_roots));
};
template <>
struct Fields<api::Policy> {
  static constexpr auto kTable = std::make_tuple(
      Optional("honorCaps", &api::Policy::honor_caps),
      Optional("syscontMode", &api::Policy::syscont_mode),
      Optional("ignoreSysfsChown", &api::Policy::ignore_sysfs_chown),
      Optional("allowTrustedXattr", &api::Policy::allow_trusted_xattr),
      Optional("relaxedReadOnly", &api::Policy::relaxed_read_only),
      Optional("fsuidMapFailOnError", &api::Policy::fsuid_map_fail_on_error),
      Optional("kernelFiles", &api::Policy::kernel_files),
      Optional("allowMounts", &api::Policy::allow_mounts),
      Optional("allowImmutableRemounts",
               &api::Policy::allow_immutable_remounts),
      Optional("allowImmutableUnmounts",
               &api::Policy::allow_immutable_unmounts));
};
template <>
struct Fields<api::RegisteredReply> {
  static constexpr auto kTable = std::make_tuple(
      Required("uids", &api::RegisteredReply::uids),
      Required("gids", &api::RegisteredReply::gids),
      Optional("sharesUserNamespace",
               &api::RegisteredReply::shares_user_namespace),
      Always("policy", &api::RegisteredReply::policy),
      Optional("emulated", &api::RegisteredReply::emulated),
      Optional("intercepts", &api::RegisteredReply::intercepts));
};
template <>
struct Fields<api::ActivateRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::ActivateRequest::id),
                      Required("pid", &api::ActivateRequest::pid));
};
template <>
struct Fields<api::ListenRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::ListenRequest::id));
};
template <>
struct Fields<api::UnregisterRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::UnregisterRequest::id));
};
template <>
struct Fields<api::AliasDnsRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::AliasDnsRequest::id));
};
template <>
struct Fields<api::DnsAliasReply> {
  static constexpr auto kTable =
      std::make_tuple(Required("address", &api::DnsAliasReply::address));
};
template <>
struct Fields<api::StoredValuesRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::StoredValuesRequest::id));
};
template <>
struct Fields<api::ListEmulatedRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::ListEmulatedRequest::id),
                      Required("path", &api::ListEmulatedRequest::path));
};
template <>
struct Fields<api::ReadEmulatedRequest> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::ReadEmulatedRequest::id),
                      Required("path", &api::ReadEmulatedRequest::path));
};
template <>
struct Fields<api::Content> {
  static constexpr auto kTable = std::make_tuple();
};
template <>
struct Fields<api::ListRequest> {
  static constexpr auto kTable =
      std::make_tuple(Optional("after", &api::ListRequest::after));
};
template <>
struct Fields<api::ListedContainer> {
  static constexpr auto kTable =
      std::make_tuple(Required("id", &api::ListedContainer::id),
                      Optional("bundle", &api::ListedContainer::bundle),
                      Optional("rootfs", &api::ListedContainer::rootfs),
                      Optional("pid", &api::ListedContainer::pid),
                      Required("uids", &api::ListedContainer::uids),
                      Required("gids", &api::ListedContainer::gids));
};
template <>
struct Fields<api::ListedReply> {
  static constexpr auto kTable =
      std::make_tuple(Required("containers", &api::ListedReply::containers),
                      Optional("more", &api::ListedReply::more));
};

}  // namespace sysbox::json

#endif  // SYSBOX_API_MESSAGES_H_
