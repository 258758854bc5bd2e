#include "sysbox/cli/program_files.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::cli {
namespace {

const Steps kReally(/*dry_run=*/false);

TEST_CASE("what is installed is all that is removed") {
  testing::TempDir prefix;
  REQUIRE_OK(MakeDirectory(prefix / "bin", 0755));
  REQUIRE_OK(ReplaceFile(prefix / "bin/other", "x", 0644));
  REQUIRE_OK(InstallProgramFiles(prefix.path(), kReally));
  CHECK(VALUE_OF(ReadFile(prefix / "bin/sysbox", 256 << 20)) ==
        VALUE_OF(ReadFile("/proc/self/exe", 256 << 20)));
  CHECK(VALUE_OF(ReadLink(prefix / "bin/sysbox-runc")) == "sysbox");
  CHECK(VALUE_OF(ReadLink(prefix / "bin/sysbox-mgr")) == "sysbox");
  CHECK(VALUE_OF(ReadLink(prefix / "bin/sysbox-fs")) == "sysbox");
  // Twice is once.
  REQUIRE_OK(InstallProgramFiles(prefix.path(), kReally));
  REQUIRE_OK(RemoveProgramFiles(prefix.path(), kReally));
  CHECK(VALUE_OF(ListDirectory(prefix / "bin")).size() == 1);
  CHECK_FALSE(Exists(prefix / "share/sysbox"));
  CHECK_OK(RemoveProgramFiles(prefix.path(), kReally));
}

TEST_CASE("a program that was there before stays") {
  testing::TempDir prefix;
  REQUIRE_OK(MakeDirectory(prefix / "bin", 0755));
  REQUIRE_OK(ReplaceFile(prefix / "bin/sysbox",
                         VALUE_OF(ReadFile("/proc/self/exe", 256 << 20)),
                         0755));
  REQUIRE_OK(InstallProgramFiles(prefix.path(), kReally));
  REQUIRE_OK(RemoveProgramFiles(prefix.path(), kReally));
  CHECK(Exists(prefix / "bin/sysbox"));
  CHECK_FALSE(Exists(prefix / "bin/sysbox-runc"));
}

TEST_CASE("somebody else's runtime is not replaced") {
  testing::TempDir prefix;
  REQUIRE_OK(MakeDirectory(prefix / "bin", 0755));
  REQUIRE_OK(ReplaceFile(prefix / "bin/sysbox-runc", "theirs", 0755));
  CHECK_FALSE(InstallProgramFiles(prefix.path(), kReally).ok());
  CHECK(VALUE_OF(ReadFile(prefix / "bin/sysbox-runc")) == "theirs");
}

TEST_CASE("a list with other paths than ours removes nothing") {
  testing::TempDir prefix;
  REQUIRE_OK(MakeDirectories(prefix / "share/sysbox", 0755));
  REQUIRE_OK(ReplaceFile(prefix / "victim", "x", 0644));
  for (const std::string& line :
       {prefix / "victim", prefix / "bin/sysbox/../../victim"}) {
    REQUIRE_OK(
        ReplaceFile(prefix / "share/sysbox/installed", line + "\n", 0644));
    CHECK_FALSE(RemoveProgramFiles(prefix.path(), kReally).ok());
    CHECK(Exists(prefix / "victim"));
  }
}

TEST_CASE("a dry run makes nothing") {
  testing::TempDir prefix;
  REQUIRE_OK(InstallProgramFiles(prefix.path(), Steps(/*dry_run=*/true)));
  CHECK(VALUE_OF(ListDirectory(prefix.path())).empty());
}

}  // namespace
}  // namespace sysbox::cli
