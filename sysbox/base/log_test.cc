#include "sysbox/base/log.h"

#include "absl/time/time.h"
#include "catch2/catch.hpp"
#include "sysbox/base/time.h"

namespace sysbox {
namespace {

TEST_CASE("text records read as logrus writes them") {
  CHECK(FormatLogRecord(LogFormat::kText, LogLevel::kError, "T", "a \"b\"\n") ==
        "time=\"T\" level=error msg=\"a \\\"b\\\"\\n\"\n");
}

TEST_CASE("json records are one JSON object a line") {
  CHECK(FormatLogRecord(LogFormat::kJson, LogLevel::kWarning, "T", "x\t\\") ==
        "{\"level\":\"warning\",\"msg\":\"x\\u0009\\\\\",\"time\":\"T\"}\n");
}

TEST_CASE("levels and formats parse, unknown ones do not") {
  LogLevel level = LogLevel::kInfo;
  CHECK(ParseLogLevel("warn", &level));
  CHECK(level == LogLevel::kWarning);
  CHECK_FALSE(ParseLogLevel("loud", &level));
  LogFormat format = LogFormat::kText;
  CHECK(ParseLogFormat("json", &format));
  CHECK_FALSE(ParseLogFormat("xml", &format));
}

TEST_CASE("times have nanoseconds and Z") {
  CHECK(FormatRfc3339(absl::FromUnixNanos(1500000000123456789)) ==
        "2017-07-14T02:40:00.123456789Z");
}

}  // namespace
}  // namespace sysbox
