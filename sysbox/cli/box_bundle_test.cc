#include "sysbox/cli/box_bundle.h"

#include <optional>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::cli {
namespace {

absl::Status Nothing(const std::string&) { return absl::OkStatus(); }

// What a killed owner leaves: the directory and the file, without the lock.
void Abandon(const std::string& bundle, const std::string& root) {
  REQUIRE_OK(MakeDirectories(bundle, 0700));
  REQUIRE_OK(ReplaceVolatileFile(bundle + "/owner", root, 0600));
  REQUIRE_OK(ReplaceVolatileFile(bundle + "/config.json", "{}", 0600));
}

TEST_CASE("a name is taken as long as its owner lives") {
  testing::TempDir dir;
  const std::string bundles = dir / "bundles";
  {
    auto first = BoxBundle::Claim(bundles, "web", "/r", Nothing);
    REQUIRE_OK(first.status());
    CHECK(first->path() == bundles + "/web");
    CHECK(absl::IsAlreadyExists(
        BoxBundle::Claim(bundles, "web", "/r", Nothing).status()));
    CHECK(absl::IsAlreadyExists(
        BoxBundle::RemoveAbandoned(bundles, "web", Nothing)));
    CHECK_OK(BoxBundle::Claim(bundles, "other", "/r", Nothing).status());
  }
  CHECK_FALSE(Exists(bundles + "/web"));
  CHECK_OK(BoxBundle::Claim(bundles, "web", "/r", Nothing).status());
}

TEST_CASE("what a killed owner left is settled, then made anew") {
  testing::TempDir dir;
  Abandon(dir / "bundles/web", "/his/root");
  std::string settled;
  auto bundle = BoxBundle::Claim(dir / "bundles", "web", "/mine",
                                 [&](const std::string& root) {
                                   settled = root;
                                   return absl::OkStatus();
                                 });
  REQUIRE_OK(bundle.status());
  CHECK(settled == "/his/root");
  CHECK_FALSE(Exists(bundle->path() + "/config.json"));
}

TEST_CASE("what cannot be settled keeps its name and its files") {
  testing::TempDir dir;
  Abandon(dir / "bundles/web", "/his/root");
  const auto refuse = [](const std::string&) {
    return FailedPrecondition("it runs");
  };
  CHECK(MessageOf(
            BoxBundle::Claim(dir / "bundles", "web", "/r", refuse).status()) ==
        "it runs");
  CHECK_FALSE(BoxBundle::RemoveAbandoned(dir / "bundles", "web", refuse).ok());
  CHECK(Exists(dir / "bundles/web/config.json"));
  CHECK_OK(BoxBundle::RemoveAbandoned(dir / "bundles", "web", Nothing));
  CHECK_FALSE(Exists(dir / "bundles/web"));
}

TEST_CASE("an owner killed at once left nothing to settle") {
  testing::TempDir dir;
  REQUIRE_OK(MakeDirectories(dir / "bundles/web", 0700));
  const auto never = [](const std::string&) {
    return FailedPrecondition("asked");
  };
  CHECK_OK(BoxBundle::Claim(dir / "bundles", "web", "/r", never).status());
}

TEST_CASE("removing what is not there is no error") {
  testing::TempDir dir;
  CHECK_OK(BoxBundle::RemoveAbandoned(dir / "bundles", "web", Nothing));
}

}  // namespace
}  // namespace sysbox::cli
