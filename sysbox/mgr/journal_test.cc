#include "sysbox/mgr/journal.h"

#include <fcntl.h>

#include "catch2/catch.hpp"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"
#include "sysbox/testing/temp_dir.h"

namespace sysbox::mgr {
namespace {

Record Release(const std::string& id) {
  Record record;
  record.id = id;
  return record;
}

// "restarted: a b, 1 damaged" of the records after the header.
std::string News(Journal& journal) {
  const Fd lock = VALUE_OF(journal.Lock());
  const Journal::News news = VALUE_OF(journal.CatchUp());
  std::string text = news.restarted ? "restarted:" : "";
  for (const Record& record : news.records) {
    if (record.kind != RecordKind::kBoot) text += " " + record.id;
  }
  if (news.damaged > 0) text += fmt::format(", {} damaged", news.damaged);
  return text;
}

void Append(Journal& journal, const std::string& id) {
  const Fd lock = VALUE_OF(journal.Lock());
  (void)VALUE_OF(journal.CatchUp());
  REQUIRE_OK(journal.Append(Release(id)));
}

void AppendBytes(const std::string& path, std::string_view bytes) {
  const Fd file = VALUE_OF(Open(path, {.flags = O_WRONLY | O_APPEND}));
  REQUIRE_OK(WriteAll(file, bytes));
}

TEST_CASE("each of two managers sees what the other one appends") {
  testing::TempDir dir;
  Journal a(dir.path(), "boot"), b(dir.path(), "boot");
  CHECK(News(a) == "restarted:");
  Append(a, "1");
  CHECK(News(b) == "restarted: 1");
  Append(a, "2");
  Append(a, "3");
  CHECK(News(b) == " 2 3");
  Append(b, "4");
  CHECK(News(b) == "");  // one's own are not news
  CHECK(News(a) == " 4");
}

TEST_CASE("a rewritten file is read anew by the others only") {
  testing::TempDir dir;
  Journal a(dir.path(), "boot"), b(dir.path(), "boot");
  Append(a, "1");
  CHECK(News(b) == "restarted: 1");
  {
    const Fd lock = VALUE_OF(a.Lock());
    const Record kept = Release("kept");
    REQUIRE_OK(a.Rewrite({kept}));
    REQUIRE_OK(a.Append(Release("2")));
  }
  CHECK(News(a) == "");
  CHECK(News(b) == "restarted: kept 2");
  CHECK_FALSE(Exists(dir / "journal.new"));
}

TEST_CASE("records of another boot are dropped") {
  testing::TempDir dir;
  {
    Journal before(dir.path(), "boot 1");
    Append(before, "1");
  }
  Journal after(dir.path(), "boot 2");
  CHECK(News(after) == "restarted:");
  Append(after, "2");
  Journal again(dir.path(), "boot 2");
  CHECK(News(again) == "restarted: 2");
}

TEST_CASE("a torn tail and damaged lines cost only themselves") {
  testing::TempDir dir;
  Journal writer(dir.path(), "boot");
  Append(writer, "1");
  AppendBytes(dir / "journal", "00000000 {\"kind\":\"release\"}\n");
  Append(writer, "2");
  AppendBytes(dir / "journal", "00000000 {\"ki");
  Journal reader(dir.path(), "boot");
  CHECK(News(reader) == "restarted: 1 2, 2 damaged");
}

TEST_CASE("without a readable header the records still count") {
  testing::TempDir dir;
  Journal writer(dir.path(), "boot");
  Append(writer, "1");
  const std::string text = VALUE_OF(ReadFile(dir / "journal"));
  REQUIRE_OK(ReplaceFile(dir / "journal", "x" + text, 0600));
  Journal reader(dir.path(), "boot");
  CHECK(News(reader) == "restarted: 1, 2 damaged");
}

TEST_CASE("a removed journal starts over") {
  testing::TempDir dir;
  Journal journal(dir.path(), "boot");
  Append(journal, "1");
  REQUIRE_OK(Unlink(dir / "journal"));
  CHECK(News(journal) == "restarted:");
}

TEST_CASE("a file that has grown since its rewriting asks for another one") {
  testing::TempDir dir;
  Journal journal(dir.path(), "boot");
  for (int i = 0; i < 32; ++i) Append(journal, "x");
  CHECK_FALSE(journal.NeedsRewrite());
  Append(journal, "x");
  CHECK(journal.NeedsRewrite());
  const Fd lock = VALUE_OF(journal.Lock());
  REQUIRE_OK(journal.Rewrite(std::vector<Record>(1000, Release("x"))));
  CHECK_FALSE(journal.NeedsRewrite());
  Journal other(dir.path(), "boot");
  (void)VALUE_OF(other.CatchUp());
  CHECK_FALSE(other.NeedsRewrite());
}

}  // namespace
}  // namespace sysbox::mgr
