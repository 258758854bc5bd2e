#include "sysbox/mgr/embedded_manager.h"

#include <unistd.h>

#include <set>
#include <thread>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/mgr/no_manager.h"
#include "sysbox/mgr/test_process.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

using ManagerPtr = std::unique_ptr<api::Manager>;

ManagerPtr Embedded(const testing::TempDir& dir) {
  return VALUE_OF(MakeEmbeddedManager(OptionsBelow(dir)));
}

api::Registration Named(const std::string& id) {
  api::Registration registration;
  registration.id = id;
  return registration;
}

TEST_CASE("what was not activated goes with the manager") {
  testing::TempDir dir;
  OwnedChild init = StartIdleProcess();
  {
    ManagerPtr manager = Embedded(dir);
    REQUIRE_OK(manager->Register(Named("pending")));
    REQUIRE_OK(manager->Register(Named("active")));
    REQUIRE_OK(manager->Activate("active", init.pidfd()));
    REQUIRE_OK(manager->Register(Named("done")));
    REQUIRE_OK(manager->Unregister("done"));
    CHECK_OK(manager->Unregister("unknown"));
  }
  ManagerPtr manager = Embedded(dir);
  const auto list = VALUE_OF(manager->List());
  REQUIRE(list.size() == 1);
  CHECK(list[0].id == "active");
  CHECK(list[0].pid == init.pid());
}

TEST_CASE("what a killed command registered is free for the next one") {
  testing::TempDir dir;
  auto child = Clone({.flags = 0, .into_cgroup = {}});
  REQUIRE(child.ok());
  if (!child->has_value()) {
    auto manager = MakeEmbeddedManager(OptionsBelow(dir));
    const bool ok = manager.ok() && (*manager)->Register(Named("web")).ok();
    _exit(ok ? 0 : 1);  // no destructor runs
  }
  CHECK(VALUE_OF((*child)->Wait()).code == 0);
  ManagerPtr manager = Embedded(dir);
  CHECK_OK(manager->Register(Named("web")));
}

// Registers, activates and ends containers; false if a range was shared.
bool Churn(const RegistrationOptions& options, int worker, const Pidfd& init) {
  auto manager = MakeEmbeddedManager(options);
  if (!manager.ok()) return false;
  for (int round = 0; round < 25; ++round) {
    std::set<uint32_t> ranges;
    for (int i = 0; i < 3; ++i) {
      const std::string id = fmt::format("w{}-{}", worker, i);
      auto registered = (*manager)->Register(Named(id));
      if (!registered.ok()) return false;
      ranges.insert(*registered->maps.uids.ToHost(0));
      if (!(*manager)->Activate(id, init).ok()) return false;
    }
    auto list = (*manager)->List();
    if (ranges.size() != 3 || !list.ok()) return false;
    // Nobody else's range is one of ours.
    int ours = 0;
    for (const auto& summary : *list) {
      ours += ranges.contains(*summary.maps.uids.ToHost(0)) ? 1 : 0;
    }
    if (ours != 3) return false;
    for (int i = 0; i < 3; ++i) {
      if (!(*manager)->Unregister(fmt::format("w{}-{}", worker, i)).ok()) {
        return false;
      }
    }
  }
  return true;
}

TEST_CASE("managers in four processes never give a range away twice") {
  testing::TempDir dir;
  OwnedChild init = StartIdleProcess();
  std::vector<OwnedChild> workers;
  for (int worker = 0; worker < 4; ++worker) {
    auto child = Clone({.flags = 0, .into_cgroup = {}});
    REQUIRE(child.ok());
    if (!child->has_value()) {
      _exit(Churn(OptionsBelow(dir), worker, init.pidfd()) ? 0 : 1);
    }
    workers.push_back(**std::move(child));
  }
  for (OwnedChild& worker : workers) CHECK(VALUE_OF(worker.Wait()).code == 0);
  CHECK(VALUE_OF(Embedded(dir)->List()).empty());
}

TEST_CASE("two managers in one process share a data root") {
  testing::TempDir dir;
  ManagerPtr a = Embedded(dir), b = Embedded(dir);
  const auto first = VALUE_OF(a->Register(Named("a")));
  const auto second = VALUE_OF(b->Register(Named("b")));
  CHECK(first.maps != second.maps);
  CHECK(VALUE_OF(a->List()).size() == 2);
}

TEST_CASE("without a manager everybody gets 231072") {
  ManagerPtr manager = MakeNoManager({.honor_caps = true});
  const auto registered = VALUE_OF(manager->Register(Named("a")));
  CHECK(registered.maps.uids == MapOnto({231072, 65536}));
  CHECK(registered.maps.gids == registered.maps.uids);
  CHECK(registered.policy.honor_caps);
  api::Registration mapped = Named("b");
  mapped.requested_maps = IdMaps{MapOnto({5, 6}), MapOnto({7, 8})};
  CHECK(VALUE_OF(manager->Register(std::move(mapped))).maps.gids ==
        MapOnto({7, 8}));
  CHECK(VALUE_OF(manager->List()).empty());
}

}  // namespace
}  // namespace sysbox::mgr
