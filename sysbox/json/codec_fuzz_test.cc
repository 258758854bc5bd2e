// Any text either is an error or a value that survives being written and
// read again.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "sysbox/json/codec.h"

namespace sysbox {
namespace {

struct Everything {
  bool flag = false;
  int32_t number = 0;
  uint64_t huge = 0;
  double ratio = 0;
  std::string text;
  std::optional<std::string> maybe;
  std::vector<std::string> list;
  std::vector<Everything> nested;
  std::map<std::string, json::Raw> raws;
};

}  // namespace

template <>
struct json::Fields<Everything> {
  static constexpr auto kTable =
      std::make_tuple(json::Optional("flag", &Everything::flag),
                      json::Optional("number", &Everything::number),
                      json::Optional("huge", &Everything::huge),
                      json::Optional("ratio", &Everything::ratio),
                      json::Optional("text", &Everything::text),
                      json::Optional("maybe", &Everything::maybe),
                      json::Optional("list", &Everything::list),
                      json::Optional("nested", &Everything::nested),
                      json::Optional("raws", &Everything::raws));
};

}  // namespace sysbox

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sysbox::Everything;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto first = sysbox::json::Parse<Everything>(text);
  if (!first.ok()) return 0;
  std::string written = sysbox::json::Write(*first, {.indent = "  "});
  auto second = sysbox::json::Parse<Everything>(written);
  if (!second.ok()) abort();
  if (sysbox::json::Write(*second, {.indent = "  "}) != written) abort();
  return 0;
}
