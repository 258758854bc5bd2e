#include "sysbox/json/reader.h"

#include <charconv>
#include <system_error>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/json/writer.h"

namespace sysbox::json {
namespace {

// What of a value from outside may stand in a one-line message.
std::string Excerpt(std::string_view text) {
  constexpr size_t kLongest = 64;
  std::string out;
  for (char c : text.substr(0, kLongest)) {
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    out += control ? '?' : c;
  }
  if (text.size() > kLongest) out += "…";
  return out;
}

template <typename T>
bool ParseWhole(std::string_view text, T* out) {
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool Reader::Fail(Value value, std::string_view message) {
  std::string path = tape_.PathTo(value.index());
  status_ = InvalidArgument("{}{}{}", path, path.empty() ? "" : ": ", message);
  return false;
}

bool Reader::FailUnknown(Value value, std::string_view name) {
  return Fail(value, fmt::format("unknown value \"{}\"", Excerpt(name)));
}

bool Reader::FailMissing(Value object, std::string_view name) {
  std::string path = tape_.PathTo(object.index()) + PathStep(name);
  if (path.starts_with('.')) path.erase(0, 1);
  status_ = InvalidArgument("{}: missing", path);
  return false;
}

bool Reader::Expect(Value value, Kind kind) {
  if (value.kind() == kind) return true;
  return Fail(value, fmt::format("expected {}, got {}", Describe(kind),
                                 Describe(value.kind())));
}

bool Reader::ReadBool(Value value, bool* out) {
  if (!Expect(value, Kind::kBool)) return false;
  *out = value.text() == "true";
  return true;
}

bool Reader::ReadInt(Value value, int64_t min, int64_t max, int64_t* out) {
  if (!Expect(value, Kind::kNumber)) return false;
  if (ParseWhole(value.text(), out) && *out >= min && *out <= max) return true;
  if (value.text().find_first_of(".eE") != std::string_view::npos) {
    return Fail(value, fmt::format("expected an integer, got {}",
                                   Excerpt(value.text())));
  }
  return Fail(value, fmt::format("expected a number from {} to {}, got {}", min,
                                 max, Excerpt(value.text())));
}

bool Reader::ReadUint(Value value, uint64_t max, uint64_t* out) {
  if (!Expect(value, Kind::kNumber)) return false;
  if (ParseWhole(value.text(), out) && *out <= max) return true;
  if (value.text().find_first_of(".eE") != std::string_view::npos) {
    return Fail(value, fmt::format("expected an integer, got {}",
                                   Excerpt(value.text())));
  }
  return Fail(value, fmt::format("expected a number from 0 to {}, got {}", max,
                                 Excerpt(value.text())));
}

bool Reader::ReadDouble(Value value, double* out) {
  if (!Expect(value, Kind::kNumber)) return false;
  if (ParseWhole(value.text(), out)) return true;
  return Fail(value,
              fmt::format("{} does not fit a double", Excerpt(value.text())));
}

bool Reader::ReadString(Value value, std::string* out) {
  if (!Expect(value, Kind::kString)) return false;
  out->assign(value.text());
  return true;
}

bool Reader::ReadObject(Value value, absl::Span<const FieldInfo> fields,
                        void* object) {
  if (!Expect(value, Kind::kObject)) return false;
  uint64_t seen = 0;
  for (Value member : value.children()) {
    size_t i = 0;
    while (i < fields.size() && fields[i].name != member.key()) ++i;
    if (i == fields.size()) {
      if (options_.unknown_fields == UnknownFields::kSkip) continue;
      return Fail(member, "unknown field");
    }
    if (member.kind() == Kind::kNull) continue;
    if (!fields[i].read(*this, member, object)) return false;
    seen |= uint64_t{1} << i;
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].presence == Presence::kRequired &&
        (seen & uint64_t{1} << i) == 0) {
      return FailMissing(value, fields[i].name);
    }
  }
  return true;
}

std::string Reader::TextOf(Value value) const {
  std::string out;
  Writer writer(&out, {});
  writer.Tree(value);
  return out;
}

}  // namespace sysbox::json
