#include "sysbox/json/document.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox::json {
namespace {

using Keys = std::vector<std::string>;

TEST_CASE("setting a nested value keeps order, digits and indentation") {
  constexpr std::string_view kBefore = R"({
  "zeta": 1.50,
  "runtimes": {
    "other": {
      "path": "/bin/other"
    }
  },
  "alpha": [
    "a/b",
    1e9
  ]
}
)";
  auto document = Document::Parse(kBefore);
  REQUIRE(document.ok());
  CHECK(document->Write() == kBefore);
  REQUIRE(document
              ->Set(Keys{"runtimes", "sysbox-runc"},
                    R"({"path":"/usr/bin/sysbox-runc"})")
              .ok());
  CHECK(document->Write() == R"({
  "zeta": 1.50,
  "runtimes": {
    "other": {
      "path": "/bin/other"
    },
    "sysbox-runc": {
      "path": "/usr/bin/sysbox-runc"
    }
  },
  "alpha": [
    "a/b",
    1e9
  ]
}
)");
  CHECK(document->Remove(Keys{"runtimes", "sysbox-runc"}));
  CHECK(document->Write() == kBefore);
}

TEST_CASE("a value is replaced in its place") {
  auto document = Document::Parse("{\n\t\"a\": 1,\n\t\"b\": 2\n}\n");
  REQUIRE(document.ok());
  REQUIRE(document->Set(Keys{"a"}, "[]").ok());
  CHECK(document->Write() == "{\n\t\"a\": [],\n\t\"b\": 2\n}\n");
}

TEST_CASE("an empty document grows the objects on the way, 4 spaces deep") {
  Document document;
  CHECK(document.Write() == "{}\n");
  auto blank = Document::Parse(" \n");
  REQUIRE(blank.ok());
  CHECK(blank->Write() == "{}\n");
  REQUIRE(document.Set(Keys{"runtimes", "x"}, "{}").ok());
  CHECK(document.Write() == R"({
    "runtimes": {
        "x": {}
    }
}
)");
}

TEST_CASE("null on the way counts as absent, other values are not replaced") {
  auto document = Document::Parse(R"({"a": null, "b": 3})");
  REQUIRE(document.ok());
  CHECK(document->Set(Keys{"a", "x"}, "1").ok());
  CHECK(MessageOf(document->Set(Keys{"b", "x"}, "1")) == "b: not an object");
  CHECK(document->Get({}) == R"({"a":{"x":1},"b":3})");
}

TEST_CASE("values and keys are found by path") {
  auto document =
      Document::Parse(R"({"a": {"b": [1, {"c": "\u00e9"}]}, "n": null})");
  REQUIRE(document.ok());
  CHECK(document->Get(Keys{"a", "b"}) == "[1,{\"c\":\"\u00e9\"}]");
  CHECK(document->Get(Keys{"n"}) == "null");
  CHECK(document->Get(Keys{"a", "x"}) == std::nullopt);
  CHECK(document->Get(Keys{"n", "x"}) == std::nullopt);
  CHECK(document->Keys({}) == Keys{"a", "n"});
  CHECK(document->Keys(Keys{"n"}).empty());
}

TEST_CASE("removing what is not there says so") {
  auto document = Document::Parse(R"({"a": {}})");
  REQUIRE(document.ok());
  CHECK_FALSE(document->Remove(Keys{"b"}));
  CHECK_FALSE(document->Remove(Keys{"a", "b"}));
  CHECK_FALSE(document->Remove({}));
  CHECK(document->Remove(Keys{"a"}));
  CHECK(document->Write() == "{}\n");
}

TEST_CASE("text that is not an object, or not JSON, is refused") {
  CHECK(MessageOf(Document::Parse("[]").status()) ==
        "expected an object, got an array");
  CHECK(MessageOf(Document::Parse("{\"a\": 1,\n}").status()) ==
        "line 2, column 1: expected a quoted key");
  Document document;
  CHECK(MessageOf(document.Set(Keys{"a", "b"}, "{")) ==
        "a.b: line 1, column 2: expected a quoted key");
  CHECK(document.Write() == "{}\n");
}

}  // namespace
}  // namespace sysbox::json
