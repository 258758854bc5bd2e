#include "sysbox/emu/views/shared_texts.h"

#include <string>

#include "catch2/catch.hpp"

namespace sysbox::emu::views {
namespace {

constexpr int kKeys[6] = {};

TEST_CASE("a text is shared for a moment") {
  SharedTexts texts;
  CHECK(texts.Get(&kKeys[0], 0) == std::nullopt);
  texts.Put(&kKeys[0], 10, "a");
  CHECK(texts.Get(&kKeys[0], 10) == "a");
  CHECK(texts.Get(&kKeys[1], 10) == std::nullopt);
  CHECK(texts.Get(&kKeys[0], 10 + SharedTexts::kFreshNs) == std::nullopt);
  texts.Put(&kKeys[0], 20, "b");
  CHECK(texts.Get(&kKeys[0], 20) == "b");
}

TEST_CASE("only few and small texts are kept, the oldest goes first") {
  SharedTexts texts;
  texts.Put(&kKeys[0], 0, std::string(SharedTexts::kMostBytes + 1, 'x'));
  CHECK(texts.Get(&kKeys[0], 0) == std::nullopt);
  constexpr int kAll = SharedTexts::kMostTexts + 1;
  for (int i = 0; i < kAll; ++i) texts.Put(&kKeys[i], i, "t");
  CHECK(texts.Get(&kKeys[0], kAll) == std::nullopt);
  for (int i = 1; i < kAll; ++i) CHECK(texts.Get(&kKeys[i], kAll) == "t");
}

}  // namespace
}  // namespace sysbox::emu::views
