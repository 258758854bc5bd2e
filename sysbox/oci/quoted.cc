#include "sysbox/oci/quoted.h"

namespace sysbox::oci {

std::string Quoted(std::string_view text) {
  constexpr size_t kLongest = 256;
  std::string out = "\"";
  for (char c : text.substr(0, kLongest)) {
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (c == '"' || c == '\\') out += '\\';
    out += control ? '?' : c;
  }
  if (text.size() > kLongest) out += "…";
  out += '"';
  return out;
}

}  // namespace sysbox::oci
