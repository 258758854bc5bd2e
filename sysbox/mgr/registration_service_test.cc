#include "sysbox/mgr/registration_service.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <csignal>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/events.h"
#include "sysbox/linux/file.h"
#include "sysbox/linux/namespaces.h"
#include "sysbox/mgr/test_process.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

using Service = std::unique_ptr<RegistrationService>;

Service OpenService(const testing::TempDir& dir,
                    RegistrationService::Observer* observer = nullptr) {
  return VALUE_OF(RegistrationService::Open(OptionsBelow(dir), observer));
}

ProcessIdentity Self() { return VALUE_OF(IdentityOf(getpid())); }

api::Registration Named(const std::string& id) {
  api::Registration registration;
  registration.id = id;
  registration.bundle = "/bundle";
  return registration;
}

uint32_t FirstUid(const api::Registered& registered) {
  return *registered.maps.uids.ToHost(0);
}

uint32_t RegisterOne(Service& service, const std::string& id) {
  return FirstUid(VALUE_OF(service->Register(Self(), Named(id))));
}

std::string Listed(Service& service) {
  std::string text;
  for (const auto& summary : VALUE_OF(service->List("", 10000))) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", summary.id);
  }
  return text;
}

// Writes down what it is told.
class Recorder : public RegistrationService::Observer {
 public:
  void OnHeld(const LedgerEntry& entry) override {
    text += fmt::format("+{}{} ", entry.id, entry.active() ? "!" : "");
  }
  void OnReleased(const std::string& id) override {
    text += fmt::format("-{} ", id);
  }
  std::string Take() { return std::exchange(text, ""); }
  std::string text;
};

TEST_CASE("the data root and the subid entries are made") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  CHECK(VALUE_OF(ReadFile(dir / "subuid")) == "sysbox:100000:268435456\n");
  const auto root = VALUE_OF(StatAt(FdRef::Cwd(), dir / "data"));
  CHECK((root.st_mode & 07777) == 0710);
  const auto journal = VALUE_OF(StatAt(FdRef::Cwd(), dir / "data/journal"));
  CHECK((journal.st_mode & 07777) == 0600);
  CHECK(service->pool().unit_count() == 4096);
}

TEST_CASE("containers get ranges of their own, lowest first") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  CHECK(RegisterOne(service, "a") == 100000);
  CHECK(RegisterOne(service, "b") == 165536);
  CHECK(VALUE_OF(service->Unregister("a")));
  CHECK_FALSE(VALUE_OF(service->Unregister("a")));
  CHECK(RegisterOne(service, "c") == 100000);
  CHECK(Listed(service) == "b c");
}

TEST_CASE("4096 containers fit, and the next one gets a clear error") {
  testing::TempDir dir;
  Recorder recorder;  // watches the living, so that nobody is asked after
  Service service = OpenService(dir, &recorder);
  for (int i = 0; i < 4096; ++i) {
    REQUIRE(RegisterOne(service, fmt::format("c{}", i)) ==
            100000u + static_cast<uint32_t>(i) * 65536u);
  }
  CHECK(MessageOf(service->Register(Self(), Named("more")).status()) ==
        "id ranges exhausted: all 4096 ranges of the \"sysbox\" entry in "
        "/etc/subuid are in use (65536 ids each); remove containers or "
        "enlarge the entry");
  CHECK(VALUE_OF(service->Unregister("c77")));
  CHECK(RegisterOne(service, "more") == 100000 + 77 * 65536);
}

TEST_CASE("an id that lives is refused, one's own unfinished starts over") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  CHECK(RegisterOne(service, "web") == 100000);
  CHECK(RegisterOne(service, "web") == 100000);
  OwnedChild other = StartIdleProcess();
  const ProcessIdentity owner = VALUE_OF(IdentityOf(other.pid()));
  const absl::Status status = service->Register(owner, Named("web")).status();
  CHECK(absl::IsAlreadyExists(status));
  CHECK(MessageOf(status) ==
        fmt::format("container \"web\" is registered already (by process {})",
                    getpid()));
  REQUIRE_OK(service->Activate("web", other.pidfd()));
  CHECK(MessageOf(service->Register(Self(), Named("web")).status()) ==
        fmt::format("container \"web\" is registered already (its init is "
                    "process {})",
                    other.pid()));
}

TEST_CASE("a registration that makes no sense is refused") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  for (const char* id : {"", "a b", "../x", "\xff"}) {
    CHECK(
        absl::IsInvalidArgument(service->Register(Self(), Named(id)).status()));
  }
  api::Registration registration = Named("web");
  registration.requested_maps = IdMaps{MapOnto({5, 5}), {}};
  CHECK(
      MessageOf(service->Register(Self(), std::move(registration)).status()) ==
      "linux.gidMappings: is empty");
  registration = Named("web");
  registration.bundle = std::string(4097, 'x');
  CHECK_FALSE(service->Register(Self(), std::move(registration)).ok());
  CHECK(Listed(service).empty());
}

TEST_CASE("an activated container lives as long as its init") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  OwnedChild init = StartIdleProcess();
  RegisterOne(service, "web");
  REQUIRE_OK(service->Activate("web", init.pidfd()));
  CHECK_OK(service->Activate("web", init.pidfd()));  // again: fine
  CHECK_FALSE(VALUE_OF(service->Abandon("web", Self())));
  CHECK_FALSE(VALUE_OF(service->ReleaseIfDead("web")));
  CHECK(VALUE_OF(service->List("", 9))[0].pid == init.pid());

  OwnedChild second = StartIdleProcess();
  CHECK(MessageOf(service->Activate("web", second.pidfd())) ==
        fmt::format("container \"web\" has an init already: process {}",
                    init.pid()));
  init = OwnedChild();  // killed and reaped
  CHECK(VALUE_OF(service->ReleaseIfDead("web")));
  CHECK(absl::IsNotFound(service->Activate("web", second.pidfd())));
}

TEST_CASE("activation checks that the descriptor is that process's") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  OwnedChild init = StartIdleProcess();
  RegisterOne(service, "web");
  const Pidfd liar(getpid(), VALUE_OF(Duplicate(init.pidfd().fd())));
  CHECK(absl::IsInvalidArgument(service->Activate("web", liar)));
  const Pidfd file(getpid(), VALUE_OF(Open("/dev/null", {.flags = O_RDONLY})));
  CHECK(absl::IsInvalidArgument(service->Activate("web", file)));
}

TEST_CASE("a zombie is no init") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  OwnedChild init = StartIdleProcess();
  RegisterOne(service, "web");
  REQUIRE_OK(service->Activate("web", init.pidfd()));
  REQUIRE_OK(init.pidfd().Signal(SIGKILL));
  while (init.pidfd().Alive()) {
    (void)VALUE_OF(WaitReadable(init.pidfd().fd(), 10000));
  }
  CHECK(VALUE_OF(service->ReleaseIfDead("web")));
}

api::Registration WithDataRoot(const std::string& id,
                               std::vector<std::string> names) {
  api::Registration registration = Named(id);
  registration.host_data_roots = {
      {"/var/lib/docker", "/srv/data", std::move(names)}};
  return registration;
}

TEST_CASE("a data root of a running container's is refused to another") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  OwnedChild init = StartIdleProcess();
  REQUIRE_OK(service->Register(Self(), WithDataRoot("a", {"1:2/x", "1:1"})));
  REQUIRE_OK(service->Activate("a", init.pidfd()));
  const auto refused =
      service->Register(Self(), WithDataRoot("b", {"1:9", "1:2/x"}));
  CHECK(MessageOf(refused.status()) ==
        "mount source \"/srv/data\" on /var/lib/docker should be mounted in "
        "one container only, and running container \"a\" has it as data root "
        "of an engine: stop that one first, or have the daemon allow it with "
        "--shared-data-root=warn");
  CHECK(Listed(service) == "a");
  // Above it, or another.
  REQUIRE_OK(service->Register(Self(), WithDataRoot("c", {"1:1"})));
  // The journal says the same to others, before and after a rewrite.
  Service other = OpenService(dir);
  CHECK_FALSE(other->Register(Self(), WithDataRoot("b", {"1:2/x"})).ok());
  REQUIRE_OK(other->Reconcile());
  CHECK_FALSE(service->Register(Self(), WithDataRoot("b", {"1:2/x"})).ok());
  init = OwnedChild();  // nobody says so
  REQUIRE_OK(service->Register(Self(), WithDataRoot("b", {"1:2/x"})));
  CHECK(Listed(service) == "b c");
}

TEST_CASE("data roots may be shared where the administrator says so") {
  testing::TempDir dir;
  for (const SharedDataRoot mode :
       {SharedDataRoot::kWarn, SharedDataRoot::kAllow}) {
    Service service = OpenService(dir);
    RegistrationOptions options = service->options();
    options.shared_data_root = mode;
    service->Reconfigure(options);
    REQUIRE_OK(service->Register(Self(), WithDataRoot("a", {"1:2"})));
    CHECK_OK(service->Register(Self(), WithDataRoot("b", {"1:2"})));
  }
  CHECK_FALSE(ParseSharedDataRoot("never").has_value());
}

TEST_CASE("the dead make room when the pool is exhausted") {
  testing::TempDir dir;
  REQUIRE_OK(ReplaceFile(dir / "subuid", "sysbox:100000:65536\n", 0644));
  REQUIRE_OK(ReplaceFile(dir / "subgid", "sysbox:100000:65536\n", 0644));
  Service service = OpenService(dir);
  {
    OwnedChild owner = StartIdleProcess();
    REQUIRE_OK(
        service->Register(VALUE_OF(IdentityOf(owner.pid())), Named("crashed")));
    CHECK(absl::IsResourceExhausted(
        service->Register(Self(), Named("web")).status()));
  }
  CHECK(RegisterOne(service, "web") == 100000);
  CHECK(Listed(service) == "web");
}

TEST_CASE("who joins a container's user namespace gets its ids") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  OwnedChild init = StartIdleProcess(CLONE_NEWUSER | CLONE_NEWNET);
  const uint32_t first = RegisterOne(service, "x");
  REQUIRE_OK(service->Activate("x", init.pidfd()));
  const Fd network =
      VALUE_OF(OpenNamespace(init.pid(), NamespaceType::kNetwork));
  api::Registration registration = Named("y");
  registration.shared_user_namespace = VALUE_OF(OwningUserNamespace(network));
  const api::Registered joined =
      VALUE_OF(service->Register(Self(), std::move(registration)));
  CHECK(joined.shares_user_namespace);
  CHECK(FirstUid(joined) == first);
  CHECK(VALUE_OF(service->Unregister("x")));
  CHECK(RegisterOne(service, "z") != first);  // y still uses it
}

TEST_CASE("nobody shares the host's own user namespace") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  OwnedChild init = StartIdleProcess();
  RegisterOne(service, "x");
  REQUIRE_OK(service->Activate("x", init.pidfd()));
  api::Registration registration = Named("y");
  registration.shared_user_namespace =
      VALUE_OF(OpenOwnNamespace(NamespaceType::kUser));
  CHECK(absl::IsNotFound(
      service->Register(Self(), std::move(registration)).status()));
}

TEST_CASE("a new service adopts the living and frees the dead") {
  testing::TempDir dir;
  OwnedChild init = StartIdleProcess();
  {
    Service service = OpenService(dir);
    OwnedChild dead = StartIdleProcess();
    RegisterOne(service, "dead");
    REQUIRE_OK(service->Activate("dead", dead.pidfd()));
    RegisterOne(service, "alive");
    REQUIRE_OK(service->Activate("alive", init.pidfd()));
  }
  Service service = OpenService(dir);
  CHECK(VALUE_OF(service->Reconcile()) == std::vector<std::string>{"dead"});
  CHECK(Listed(service) == "alive");
  CHECK(RegisterOne(service, "next") == 100000);
  CHECK(RegisterOne(service, "after") == 100000 + 2 * 65536);
}

TEST_CASE("an observer hears of everybody's changes, and once") {
  testing::TempDir dir;
  Recorder recorder;
  OwnedChild init = StartIdleProcess();
  Service other = OpenService(dir);
  RegisterOne(other, "old");
  Service service = OpenService(dir, &recorder);
  CHECK(recorder.Take() == "+old ");
  RegisterOne(service, "own");
  REQUIRE_OK(service->Activate("own", init.pidfd()));
  CHECK(recorder.Take() == "+own +own! ");
  RegisterOne(other, "theirs");
  CHECK(VALUE_OF(other->Unregister("old")));
  CHECK(recorder.Take().empty());
  CHECK(Listed(service) == "own theirs");
  CHECK(recorder.Take() == "+theirs -old ");
  REQUIRE_OK(other->Reconcile());  // rewrites the file
  CHECK(Listed(service) == "own theirs");
  CHECK(recorder.Take() == "-own -theirs +own! +theirs ");
}

TEST_CASE("a damaged journal loses only what was damaged") {
  testing::TempDir dir;
  {
    Service service = OpenService(dir);
    RegisterOne(service, "a");
    RegisterOne(service, "b");
  }
  std::string text = VALUE_OF(ReadFile(dir / "data/journal"));
  SECTION("torn tail") {
    text += "12345678 {\"kind\":\"regis";
    REQUIRE_OK(ReplaceFile(dir / "data/journal", text, 0600));
    Service service = OpenService(dir);
    CHECK(Listed(service) == "a b");
    CHECK(RegisterOne(service, "c") == 100000 + 2 * 65536);
    Service again = OpenService(dir);
    CHECK(Listed(again) == "a b c");  // repaired, and appended to
  }
  SECTION("a flipped bit") {
    text[text.find("\"a\"") + 1] = 'x';
    REQUIRE_OK(ReplaceFile(dir / "data/journal", text, 0600));
    Service service = OpenService(dir);
    CHECK(Listed(service) == "b");
  }
}

TEST_CASE("the journal stays small over a thousand containers") {
  testing::TempDir dir;
  Service service = OpenService(dir);
  for (int i = 0; i < 1000; ++i) {
    RegisterOne(service, "web");
    CHECK(VALUE_OF(service->Unregister("web")));
  }
  CHECK(VALUE_OF(StatAt(FdRef::Cwd(), dir / "data/journal")).st_size < 10000);
  CHECK(ListDirectory(dir / "data")->size() == 2);
}

}  // namespace
}  // namespace sysbox::mgr
