#include "sysbox/api/messages.h"

#include <cerrno>
#include <set>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/json/codec.h"
#include "sysbox/linux/events.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::api {
namespace {

const IdMaps kMaps = {MapOnto({100000, 65536}), MapOnto({200000, 65536})};

// A number once given means the same for ever: this list only grows.
TEST_CASE("message numbers are what they always were") {
  std::string text;
  for (const MessageInfo& info : Messages()) {
    text += fmt::format(
        "{} {} -> {} fds {}-{}\n", static_cast<uint16_t>(info.id), info.name,
        static_cast<uint16_t>(info.reply), info.min_fds, info.max_fds);
  }
  CHECK(text ==
        "1 error -> 1 fds 0-0\n"
        "2 hello -> 3 fds 0-0\n"
        "3 welcome -> 1 fds 0-0\n"
        "4 done -> 1 fds 0-0\n"
        "16 register -> 17 fds 0-1\n"
        "17 registered -> 1 fds 0-2\n"
        "18 activate -> 4 fds 1-1\n"
        "19 unregister -> 4 fds 0-0\n"
        "20 list -> 21 fds 0-0\n"
        "21 listed -> 1 fds 0-0\n"
        "22 aliasDns -> 23 fds 0-0\n"
        "23 dnsAlias -> 1 fds 0-0\n"
        "64 storedValues -> 65 fds 0-0\n"
        "65 content -> 1 fds 1-1\n"
        "66 listEmulated -> 65 fds 0-0\n"
        "67 readEmulated -> 65 fds 0-0\n"
        "128 listen -> 4 fds 1-1\n");
}

TEST_CASE("messages are found by number, and unknown numbers are not") {
  for (const MessageInfo& info : Messages()) {
    CHECK(FindMessage(static_cast<uint16_t>(info.id)) == &info);
  }
  for (uint16_t number : {0, 5, 15, 24, 65535}) {
    CHECK(FindMessage(number) == nullptr);
  }
}

TEST_CASE("payloads on the wire") {
  Registration registration;
  registration.id = "web";
  registration.bundle = "/b";
  CHECK(json::Write(ToRequest(registration)) ==
        R"({"id":"web","bundle":"/b","rangeSize":65536})");
  registration.requested_maps = kMaps;
  CHECK(json::Write(ToRequest(registration)) ==
        R"({"id":"web","bundle":"/b","uids":"0 100000 65536",)"
        R"("gids":"0 200000 65536","rangeSize":65536})");
  Registered registered;
  registered.maps = kMaps;
  registered.policy.honor_caps = true;
  registered.policy.syscont_mode = false;
  CHECK(json::Write(ToReply(registered)) ==
        R"({"uids":"0 100000 65536","gids":"0 200000 65536",)"
        R"("policy":{"honorCaps":true,"syscontMode":false}})");
  CHECK_FALSE(FromReply(ToReply(registered), {})->intercepts);
  registered.intercepts = true;
  CHECK(FromReply(ToReply(registered), {})->intercepts);
  CHECK(json::Write(Hello{1, "0.1"}) == R"({"protocol":1,"version":"0.1"})");
  CHECK(json::Write(Welcome{1, ""}) == R"({"protocol":1})");
  CHECK(json::Write(Done{}) == "{}");
  CHECK(json::Write(ActivateRequest{"web", 7}) == R"({"id":"web","pid":7})");
  CHECK(json::Write(ListenRequest{"web"}) == R"({"id":"web"})");
  CHECK(json::Write(UnregisterRequest{"web"}) == R"({"id":"web"})");
  CHECK(json::Write(StoredValuesRequest{"web"}) == R"({"id":"web"})");
  CHECK(json::Write(ListEmulatedRequest{"web", "/proc"}) ==
        R"({"id":"web","path":"/proc"})");
  CHECK(json::Write(ReadEmulatedRequest{"web", "/proc/stat"}) ==
        R"({"id":"web","path":"/proc/stat"})");
  CHECK(json::Write(Content{}) == "{}");
  CHECK(json::Write(ListRequest{}) == "{}");
  CHECK(json::Write(ListRequest{"web"}) == R"({"after":"web"})");
  CHECK(json::Write(
            ListedReply{{ToListed({"web", "/b", "/r", 7, kMaps})}, true}) ==
        R"({"containers":[{"id":"web","bundle":"/b","rootfs":"/r","pid":7,)"
        R"("uids":"0 100000 65536","gids":"0 200000 65536"}],"more":true})");
}

TEST_CASE("a registration survives its message") {
  Registration registration;
  registration.id = "web";
  registration.bundle = "/b";
  registration.rootfs = "/r";
  registration.range_size = 131072;
  registration.requested_maps = kMaps;
  registration.host_data_roots = {
      {"/var/lib/docker", "/srv", {"1:2", "1:1/srv"}}};
  std::vector<Fd> fds;
  fds.push_back(VALUE_OF(MakeEventFd()));
  const int number = fds[0].get();
  const Registration copy =
      VALUE_OF(FromRequest(ToRequest(registration), std::move(fds)));
  CHECK(copy.id == "web");
  CHECK(copy.bundle == "/b");
  CHECK(copy.rootfs == "/r");
  CHECK(copy.range_size == 131072);
  CHECK(copy.requested_maps == kMaps);
  REQUIRE(copy.host_data_roots.size() == 1);
  CHECK(copy.host_data_roots[0].path == "/srv");
  CHECK(copy.host_data_roots[0].names.size() == 2);
  CHECK(copy.shared_user_namespace.get() == number);
}

TEST_CASE("the emulated filesystems ride in the reply that names them") {
  Registered registered;
  registered.maps = kMaps;
  registered.emulated = {VALUE_OF(MakeEventFd()), VALUE_OF(MakeEventFd())};
  const RegisteredReply reply = ToReply(registered);
  CHECK(reply.emulated);
  CHECK_FALSE(FromReply(reply, {}).ok());
  std::vector<Fd> fds;
  fds.push_back(std::move(registered.emulated.static_files));
  fds.push_back(std::move(registered.emulated.live_files));
  const int first = fds[0].get();
  const Registered copy = VALUE_OF(FromReply(reply, std::move(fds)));
  CHECK(copy.emulated.valid());
  CHECK(copy.emulated.static_files.get() == first);

  std::vector<Fd> unasked;
  unasked.push_back(VALUE_OF(MakeEventFd()));
  CHECK_FALSE(FromReply(ToReply(registered), std::move(unasked)).ok());
}

TEST_CASE("maps that do not parse are refused by name") {
  CHECK(
      MessageOf(
          FromReply({.uids = "0 1", .gids = "", .policy = {}}, {}).status()) ==
      "uids: id map line \"0 1\": expected \"INSIDE OUTSIDE SIZE\"");
}

TEST_CASE("an error keeps its code, errno and text") {
  const absl::Status sent =
      Annotate(ErrnoStatus(EROFS, "open /x"), "register web");
  const absl::Status received = FromErrorReply(ToErrorReply(sent));
  CHECK(received.code() == sent.code());
  CHECK(ErrnoOf(received) == EROFS);
  CHECK(MessageOf(received) == "register web: open /x: Read-only file system");
  CHECK_FALSE(FromErrorReply({.code = 0, .message = "odd"}).ok());
  CHECK(ToErrorReply(absl::InternalError(std::string(100000, 'x')))
            .message.size() == 8192);
}

}  // namespace
}  // namespace sysbox::api
