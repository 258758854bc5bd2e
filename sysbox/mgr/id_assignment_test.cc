#include "sysbox/mgr/id_assignment.h"

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::mgr {
namespace {

constexpr SubidRanges kPool = {{100000, 2 * 65536}, {100000, 2 * 65536}};
constexpr NamespaceId kNamespace = {4, 4026532001};

IdMaps Both(uint32_t first, uint32_t size) {
  return {MapOnto({first, size}), MapOnto({first, size})};
}

// Registers "id" with what it is assigned.
IdAssignment Take(Ledger& ledger, const std::string& id,
                  const IdRequest& request, IdMode mode = IdMode::kExclusive) {
  const IdAssignment assignment = VALUE_OF(AssignIds(request, mode, ledger));
  LedgerEntry entry;
  entry.id = id;
  entry.maps = assignment.maps;
  entry.source = assignment.source;
  entry.owner = {1, 1};
  REQUIRE_OK(ledger.Apply(RegisterRecord(entry)));
  return assignment;
}

void Activate(Ledger& ledger, const std::string& id, const NamespaceId& ns) {
  LedgerEntry entry = *ledger.Find(id);
  entry.init = {2, 2};
  entry.user_namespace = ns;
  REQUIRE_OK(ledger.Apply(ActivateRecord(entry)));
}

IdRequest Wanting(const IdMaps& maps) { return {maps, {}, 65536}; }
IdRequest Joining(const NamespaceId& ns) { return {{}, ns, 65536}; }

TEST_CASE("exclusive ranges never overlap, and end") {
  Ledger ledger(kPool);
  CHECK(Take(ledger, "a", {}).maps == Both(100000, 65536));
  CHECK(Take(ledger, "b", {}).maps == Both(165536, 65536));
  CHECK(absl::IsResourceExhausted(
      AssignIds({}, IdMode::kExclusive, ledger).status()));
}

TEST_CASE("in shared mode everybody gets the same range") {
  Ledger ledger(kPool);
  const IdAssignment a = Take(ledger, "a", {}, IdMode::kShared);
  const IdAssignment b = Take(ledger, "b", {}, IdMode::kShared);
  CHECK(a.maps == b.maps);
  CHECK(a.source == IdSource::kShared);
}

TEST_CASE("in shared mode an exclusive range of before stays alone") {
  Ledger ledger(kPool);
  Take(ledger, "old", {});
  CHECK(Take(ledger, "new", {}, IdMode::kShared).maps == Both(165536, 65536));
}

TEST_CASE("requested maps are used as they are, by as many as ask for them") {
  Ledger ledger(kPool);
  const IdMaps remap = Both(100000, 65536);  // Docker's userns-remap
  CHECK(Take(ledger, "a", Wanting(remap)).maps == remap);
  CHECK(Take(ledger, "b", Wanting(remap)).source == IdSource::kRequested);
  CHECK(Take(ledger, "c", {}).maps == Both(165536, 65536));
}

TEST_CASE("requested ids of another container are an error that names it") {
  Ledger ledger(kPool);
  Take(ledger, "web", {});
  for (const IdMaps& maps : {Both(100000, 65536), Both(100001, 1)}) {
    const absl::Status status =
        AssignIds(Wanting(maps), IdMode::kExclusive, ledger).status();
    CHECK(absl::IsAlreadyExists(status));
    CHECK(std::string(MessageOf(status))
              .find("overlap 100000-165535, which "
                    "container \"web\" uses") != std::string::npos);
  }
}

TEST_CASE("who joins a user namespace shares its range until the last one") {
  Ledger ledger(kPool);
  Take(ledger, "a", {});
  Activate(ledger, "a", kNamespace);
  const IdAssignment joined = Take(ledger, "b", Joining(kNamespace));
  CHECK(joined.maps == Both(100000, 65536));
  CHECK(joined.source == IdSource::kJoined);
  Activate(ledger, "b", kNamespace);
  REQUIRE_OK(ledger.Apply(ReleaseRecord("a")));
  CHECK(Take(ledger, "c", Joining(kNamespace)).maps == joined.maps);
  CHECK(Take(ledger, "d", {}).maps == Both(165536, 65536));
}

TEST_CASE("joining needs a container of ours and the same maps") {
  Ledger ledger(kPool);
  Take(ledger, "a", {});
  CHECK(MessageOf(AssignIds(Joining(kNamespace), IdMode::kExclusive, ledger)
                      .status()) ==
        "the network namespace to join belongs to user namespace "
        "user:[4026532001], which is no running sysbox container's");
  Activate(ledger, "a", kNamespace);
  IdRequest request = Joining(kNamespace);
  request.maps = Both(100000, 65536);
  CHECK_OK(AssignIds(request, IdMode::kExclusive, ledger));
  request.maps = Both(5, 65536);
  CHECK(absl::IsInvalidArgument(
      AssignIds(request, IdMode::kExclusive, ledger).status()));
}

TEST_CASE("id modes have names") {
  for (IdMode mode : {IdMode::kExclusive, IdMode::kShared}) {
    CHECK(ParseIdMode(Name(mode)) == mode);
  }
  CHECK(ParseIdMode("both") == std::nullopt);
}

TEST_CASE("a ledger refuses what contradicts it") {
  Ledger ledger(kPool);
  Take(ledger, "a", {});
  LedgerEntry twin = *ledger.Find("a");
  CHECK_FALSE(ledger.Apply(RegisterRecord(twin)).ok());
  twin.id = std::string("b");  // gcc 12 warns of a plain literal
  twin.maps = Both(100001, 5);
  CHECK_FALSE(ledger.Apply(RegisterRecord(twin)).ok());
  CHECK_FALSE(ledger.Apply(ActivateRecord(twin)).ok());
  CHECK_FALSE(ledger.Apply(ReleaseRecord("b")).ok());
  CHECK(ledger.entries().size() == 1);
}

}  // namespace
}  // namespace sysbox::mgr
