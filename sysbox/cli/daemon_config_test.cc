#include "sysbox/cli/daemon_config.h"

#include "catch2/catch.hpp"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::cli {
namespace {

constexpr FlagSpec kText = {
    .name = "level", .kind = ValueKind::kText, .fallback = "info"};
constexpr FlagSpec kSwitch = {.name = "honor"};
constexpr FlagSpec kNumber = {.name = "size", .kind = ValueKind::kInteger};
constexpr FlagSpec kFlags[] = {kText, kSwitch, kNumber};

TEST_CASE("the file's values are the flags'") {
  FlagValues values;
  REQUIRE_OK(AddConfig(kFlags,
                       R"({"level": "de\u0062ug", "honor": true, "size": 12})",
                       &values));
  CHECK(values.Text(kText) == "debug");
  CHECK(values.Switch(kSwitch));
  CHECK(values.Integer(kNumber) == 12);
}

TEST_CASE("a flag on the command line wins") {
  FlagValues values;
  REQUIRE_OK(values.Add(kText, "level", "error"));
  REQUIRE_OK(AddConfig(kFlags, R"({"level": "debug"})", &values));
  CHECK(values.Text(kText) == "error");
}

TEST_CASE("an empty file says nothing") {
  FlagValues values;
  REQUIRE_OK(AddConfig(kFlags, "\n", &values));
  CHECK(values.Text(kText) == "info");
}

TEST_CASE("unknown keys and wrong kinds are refused by name") {
  for (const char* text :
       {R"({"levle": "debug"})", R"({"honor": "perhaps"})", R"({"size": []})",
        R"({"honor": {}})", R"({"honor": null})", "[]", "{"}) {
    FlagValues values;
    CHECK_FALSE(AddConfig(kFlags, text, &values).ok());
  }
}

}  // namespace
}  // namespace sysbox::cli
