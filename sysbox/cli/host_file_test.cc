#include "sysbox/cli/host_file.h"

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::cli {
namespace {

TEST_CASE("a mark tells our files, untouched and changed, from others") {
  const std::string text = MarkedText("[Unit]\nAfter=x\n");
  CHECK(ReadMark(text) == Marked::kUntouched);
  CHECK(ReadMark(text + "# more\n") == Marked::kChanged);
  CHECK(ReadMark("[Unit]\nAfter=x\n") == Marked::kNot);
  CHECK(ReadMark("") == Marked::kNot);
  CHECK(ReadMark(text.substr(0, 40)) == Marked::kChanged);
}

TEST_CASE("a file is written, replaced by a newer one, and removed") {
  testing::TempDir directory;
  const std::string path = directory / "below/unit";
  const Steps steps(/*dry_run=*/false);
  CHECK(VALUE_OF(InstallHostFile(path, "old\n", steps)));
  CHECK_FALSE(VALUE_OF(InstallHostFile(path, "old\n", steps)));
  CHECK(VALUE_OF(InstallHostFile(path, "new\n", steps)));
  CHECK(VALUE_OF(ReadFile(path)) == MarkedText("new\n"));
  CHECK(VALUE_OF(RemoveHostFile(path, steps)));
  CHECK_FALSE(Exists(path));
  CHECK_FALSE(VALUE_OF(RemoveHostFile(path, steps)));
}

TEST_CASE("what was changed by hand is kept, and still ours to remove") {
  testing::TempDir directory;
  const std::string path = directory / "unit";
  const Steps steps(/*dry_run=*/false);
  const std::string edited = MarkedText("a\n") + "b\n";
  REQUIRE_OK(ReplaceFile(path, edited, 0644));
  CHECK_FALSE(VALUE_OF(InstallHostFile(path, "c\n", steps)));
  CHECK(VALUE_OF(ReadFile(path)) == edited);
  CHECK(VALUE_OF(RemoveHostFile(path, steps)));
}

TEST_CASE("a file of somebody else's is neither replaced nor removed") {
  testing::TempDir directory;
  const std::string path = directory / "unit";
  const Steps steps(/*dry_run=*/false);
  REQUIRE_OK(ReplaceFile(path, "theirs\n", 0644));
  CHECK(absl::IsFailedPrecondition(
      InstallHostFile(path, "ours\n", steps).status()));
  CHECK_FALSE(VALUE_OF(RemoveHostFile(path, steps)));
  CHECK(VALUE_OF(ReadFile(path)) == "theirs\n");
}

TEST_CASE("a dry run writes and removes nothing") {
  testing::TempDir directory;
  const std::string path = directory / "unit";
  const Steps dry(/*dry_run=*/true);
  CHECK(VALUE_OF(InstallHostFile(path, "text\n", dry)));
  CHECK_FALSE(Exists(path));
  REQUIRE_OK(ReplaceFile(path, MarkedText("text\n"), 0644));
  CHECK(VALUE_OF(RemoveHostFile(path, dry)));
  CHECK(Exists(path));
}

}  // namespace
}  // namespace sysbox::cli
