#include "sysbox/json/codec.h"

#include <string>

#include "catch2/catch.hpp"
#include "sysbox/base/status.h"

namespace sysbox {
namespace {

enum class Colour { kRed, kBlue };

struct Inner {
  std::string name;
  int32_t number = 0;
};

struct Outer {
  std::string title;
  bool flag = false;
  bool on_by_default = true;
  uint16_t small = 0;
  int64_t big = 0;
  uint64_t huge = 0;
  double ratio = 0;
  Colour colour = Colour::kRed;
  std::optional<uint32_t> maybe;
  Inner inner;
  std::vector<Inner> list;
  std::map<std::string, std::string> notes;
  json::Raw raw;
};

}  // namespace

template <>
struct json::EnumNames<Colour> {
  static constexpr std::pair<Colour, std::string_view> kTable[] = {
      {Colour::kRed, "red"}, {Colour::kBlue, "blue"}};
};

template <>
struct json::Fields<Inner> {
  static constexpr auto kTable =
      std::make_tuple(json::Required("name", &Inner::name),
                      json::Optional("number", &Inner::number));
};

template <>
struct json::Fields<Outer> {
  static constexpr auto kTable = std::make_tuple(
      json::Required("title", &Outer::title),
      json::Always("flag", &Outer::flag),
      json::Optional("onByDefault", &Outer::on_by_default),
      json::Optional("small", &Outer::small),
      json::Optional("big", &Outer::big), json::Optional("huge", &Outer::huge),
      json::Optional("ratio", &Outer::ratio),
      json::Optional("colour", &Outer::colour),
      json::Optional("maybe", &Outer::maybe),
      json::Optional("inner", &Outer::inner),
      json::Optional("list", &Outer::list),
      json::Optional("notes", &Outer::notes),
      json::Optional("raw", &Outer::raw));
};

namespace {

std::string ErrorOf(std::string_view text,
                    const json::ParseOptions& options = {}) {
  auto parsed = json::Parse<Outer>(text, options);
  return parsed.ok() ? "no error" : std::string(MessageOf(parsed.status()));
}

TEST_CASE("what is written reads back and writes the same") {
  constexpr std::string_view kText = R"({
	"title": "a \"quoted\" <title> é 😀",
	"flag": true,
	"onByDefault": false,
	"small": 65535,
	"big": -9223372036854775808,
	"huge": 18446744073709551615,
	"ratio": 0.25,
	"colour": "blue",
	"maybe": 0,
	"inner": {
		"name": "x",
		"number": -1
	},
	"list": [
		{
			"name": "y"
		},
		{
			"name": ""
		}
	],
	"notes": {
		"a": "1",
		"b": ""
	},
	"raw": {
		"deep": [
			1.50,
			null,
			true,
			[],
			{},
			12345678901234567890123
		]
	}
})";
  auto parsed = json::Parse<Outer>(kText);
  REQUIRE(parsed.ok());
  CHECK(parsed->maybe == 0u);
  CHECK(parsed->huge == UINT64_MAX);
  CHECK(parsed->raw.text ==
        R"({"deep":[1.50,null,true,[],{},12345678901234567890123]})");
  CHECK(json::Write(*parsed, {.indent = "\t"}) == kText);
}

TEST_CASE("optional fields at their defaults are left out") {
  Outer outer;
  CHECK(json::Write(outer) == R"({"title":"","flag":false})");
  outer.on_by_default = false;
  outer.maybe = 0;
  outer.inner.number = 7;
  CHECK(json::Write(outer) ==
        R"({"title":"","flag":false,"onByDefault":false,"maybe":0,)"
        R"("inner":{"name":"","number":7}})");
}

TEST_CASE("absent and null fields keep their defaults, unknown are skipped") {
  auto parsed = json::Parse<Outer>(
      R"({"title":"t","small":null,"list":null,"odd":{"a":[1,{"b":2}]}})");
  REQUIRE(parsed.ok());
  CHECK(parsed->on_by_default);
  CHECK(parsed->small == 0);
  CHECK(ErrorOf(R"({"title":"t","odd":1})",
                {.unknown_fields = json::UnknownFields::kError}) ==
        "odd: unknown field");
}

TEST_CASE("an error of type or range names the field by its path") {
  struct Case {
    std::string_view text;
    std::string_view error;
  };
  constexpr Case kCases[] = {
      {R"([])", "expected an object, got an array"},
      {R"({})", "title: missing"},
      {R"({"title":null})", "title: missing"},
      {R"({"title":"","list":[{"name":"a"},{"name":3}]})",
       "list[1].name: expected a string, got a number"},
      {R"({"title":"","list":[{"name":"a"},{}]})", "list[1].name: missing"},
      {R"({"title":"","list":[null]})",
       "list[0]: expected an object, got null"},
      {R"({"title":"","list":{}})", "list: expected an array, got an object"},
      {R"({"title":"","notes":{"net.ipv4.x":1}})",
       "notes[\"net.ipv4.x\"]: expected a string, got a number"},
      {R"({"title":"","notes":{"plain":false}})",
       "notes.plain: expected a string, got a boolean"},
      {R"({"title":"","flag":1})", "flag: expected a boolean, got a number"},
      {R"({"title":"","small":65536})",
       "small: expected a number from 0 to 65535, got 65536"},
      {R"({"title":"","small":-1})",
       "small: expected a number from 0 to 65535, got -1"},
      {R"({"title":"","inner":{"name":"","number":2147483648}})",
       "inner.number: expected a number from -2147483648 to 2147483647, got "
       "2147483648"},
      {R"({"title":"","huge":18446744073709551616})",
       "huge: expected a number from 0 to 18446744073709551615, got "
       "18446744073709551616"},
      {R"({"title":"","big":1.0})", "big: expected an integer, got 1.0"},
      {R"({"title":"","big":1e3})", "big: expected an integer, got 1e3"},
      {R"({"title":"","colour":"green"})", "colour: unknown value \"green\""},
      {R"({"title":"","title":""})", "title: duplicate key"},
      {R"({"title":"","x":{"b":1,"a":2,"b":3}})", "x.b: duplicate key"},
      {R"({"title":"a\u0000b"})", "title: NUL character in a string"},
      {R"({"title":"","notes":{"a\u0000":""}})",
       "notes: NUL character in a key"},
  };
  for (const Case& c : kCases) CHECK(ErrorOf(c.text) == c.error);
}

TEST_CASE("text that is not JSON is refused by line and column") {
  struct Case {
    std::string_view text;
    std::string_view error;
  };
  using namespace std::string_view_literals;  // NOLINT: for embedded NULs
  const Case kCases[] = {
      {"", "line 1, column 1: nothing but blanks"},
      {"{\n  \"title\": tru\n}", "line 2, column 15: expected a value"},
      {"{\"title\":\"\"} x", "line 1, column 14: text after the value"},
      {"{\"title\":\"\"",
       "line 1, column 12: expected ',' or '}' after a "
       "member"},
      {"{\"title\":\"\",}", "line 1, column 13: expected a quoted key"},
      {"{\"title\":\"\n\"}",
       "line 1, column 11: invalid escape or control character in a string"},
      {"{\"title\":\"\xff\"}", "line 1, column 11: invalid UTF-8"},
      {"{\"title\":\"\xed\xa0\x80\"}", "line 1, column 11: invalid UTF-8"},
      // RapidJSON alone reads beyond the end here.
      {"{\"title\":\"\xf0", "line 1, column 11: invalid UTF-8"},
      {"{\"title\":\"\\ud800\"}", "line 1, column 11: half a surrogate pair"},
      {"{}\0{}"sv, "line 1, column 3: NUL character"},
      {"// no\n{}", "line 1, column 1: expected a value"},
      {"{\"big\":01}", "line 1, column 9: expected ',' or '}' after a member"},
      {"{\"big\":NaN}", "line 1, column 8: expected a value"},
  };
  for (const Case& c : kCases) CHECK(ErrorOf(c.text) == c.error);
}

TEST_CASE("64 levels are read, 65 are refused") {
  auto nested = [](int depth) {
    return R"({"title":"","x":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}";
  };
  CHECK(ErrorOf(nested(63)) == "no error");
  CHECK(ErrorOf(nested(64)).ends_with("nested deeper than 64"));
  CHECK(ErrorOf(nested(100000)).ends_with("nested deeper than 64"));
}

TEST_CASE("text longer than allowed is refused unread") {
  CHECK(ErrorOf(R"({"title":"0123456789"})", {.max_size = 10}) ==
        "22 bytes of JSON, more than 10");
}

TEST_CASE("bytes that are not UTF-8 are written as replacement characters") {
  Inner inner{.name =
                  "a\xff"
                  "b\xc3\xa9\xe2\x82",
              .number = 0};
  CHECK(json::Write(inner) ==
        "{\"name\":\"a\xef\xbf\xbd"
        "b\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"}");
}

TEST_CASE("a path in an error holds no control characters") {
  CHECK(ErrorOf("{\"title\":\"\",\"notes\":{\"a\\nb\\\"\":1}}") ==
        "notes[\"a?b\\\"\"]: expected a string, got a number");
}

}  // namespace
}  // namespace sysbox
