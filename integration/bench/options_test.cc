#include "integration/bench/options.h"

#include "catch2/catch.hpp"

namespace sysbox::bench {

TEST_CASE("flags take their value in either form") {
  const auto options =
      ParseOptions({"--runs", "5", "--only=run,rss", "--runtime", "a=/b=c"});
  REQUIRE(options.ok());
  CHECK(options->runs == 5);
  CHECK(options->only == std::vector<std::string>{"run", "rss"});
  CHECK(options->runtimes.at("a") == "/b=c");
}

TEST_CASE("what makes no sense is refused") {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--runs"},
        {"--runs", "0"},
        {"--runs", "many"},
        {"--only", "walk"},
        {"--runtime", "=x"},
        {"--runtime", "x"},
        {"--fast"},
        {"run"}}) {
    INFO(args[0]);
    CHECK_FALSE(ParseOptions(args).ok());
  }
}

}  // namespace sysbox::bench
