#include "sysbox/json/tape.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "rapidjson/reader.h"
#include "rapidjson/stream.h"
#include "sysbox/base/status.h"

namespace sysbox::json {
namespace {

using internal::Node;

struct SyntaxError {
  rapidjson::ParseErrorCode code;
  std::string_view text;
};
constexpr SyntaxError kSyntaxErrors[] = {
    {rapidjson::kParseErrorDocumentEmpty, "nothing but blanks"},
    {rapidjson::kParseErrorDocumentRootNotSingular, "text after the value"},
    {rapidjson::kParseErrorValueInvalid, "expected a value"},
    {rapidjson::kParseErrorObjectMissName, "expected a quoted key"},
    {rapidjson::kParseErrorObjectMissColon, "expected ':' after a key"},
    {rapidjson::kParseErrorObjectMissCommaOrCurlyBracket,
     "expected ',' or '}' after a member"},
    {rapidjson::kParseErrorArrayMissCommaOrSquareBracket,
     "expected ',' or ']' after an element"},
    {rapidjson::kParseErrorStringUnicodeEscapeInvalidHex,
     "\\u without four hexadecimal digits"},
    {rapidjson::kParseErrorStringUnicodeSurrogateInvalid,
     "half a surrogate pair"},
    {rapidjson::kParseErrorStringEscapeInvalid,
     "invalid escape or control character in a string"},
    {rapidjson::kParseErrorStringMissQuotationMark, "string without an end"},
    {rapidjson::kParseErrorStringInvalidEncoding, "invalid UTF-8"},
    {rapidjson::kParseErrorNumberTooBig, "number too big"},
    {rapidjson::kParseErrorNumberMissFraction, "expected a digit after '.'"},
    {rapidjson::kParseErrorNumberMissExponent,
     "expected a digit in an exponent"},
};

absl::Status SyntaxErrorAt(std::string_view text, size_t offset,
                           std::string_view what) {
  std::string_view before = text.substr(0, std::min(offset, text.size()));
  size_t line = std::count(before.begin(), before.end(), '\n') + 1;
  size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return InvalidArgument("line {}, column {}: {}", line,
                         before.size() - line_start + 1, what);
}

std::string_view DescribeSyntax(rapidjson::ParseErrorCode code) {
  for (const SyntaxError& row : kSyntaxErrors) {
    if (row.code == code) return row.text;
  }
  return "syntax error";
}

}  // namespace

// RapidJSON's events appended to a tape.
class TapeBuilder
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TapeBuilder> {
 public:
  explicit TapeBuilder(Tape* tape) : tape_(tape), nodes_(*tape->nodes_) {}

  bool Null() { return Add(Kind::kNull, "null"); }
  bool Bool(bool value) { return Add(Kind::kBool, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return Add(Kind::kNumber, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    std::string_view value(text, size);
    if (!Add(Kind::kString, value)) return false;
    if (value.find('\0') == value.npos) return true;
    return Fail(nodes_.size() - 1, "NUL character in a string");
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_ = {text, size};
    if (key_.find('\0') == key_.npos) return true;
    return Fail(open_.back(), "NUL character in a key");
  }
  bool StartObject() { return Open(Kind::kObject); }
  bool StartArray() { return Open(Kind::kArray); }
  bool EndObject(rapidjson::SizeType) {
    uint32_t object = open_.back();
    Close();
    return CheckKeys(object);
  }
  bool EndArray(rapidjson::SizeType) {
    Close();
    return true;
  }

  const absl::Status& status() const { return status_; }

 private:
  bool Add(Kind kind, std::string_view text) {
    Node node;
    node.kind = kind;
    node.text = text;
    node.end = static_cast<uint32_t>(nodes_.size()) + 1;
    if (!open_.empty()) {
      Node& parent = nodes_[open_.back()];
      ++parent.size;
      node.has_key = parent.kind == Kind::kObject;
      if (node.has_key) node.key = key_;
    }
    nodes_.push_back(node);
    return true;
  }
  bool Open(Kind kind) {
    Add(kind, {});
    if (open_.size() == kMaxDepth) {
      return Fail(nodes_.size() - 1,
                  fmt::format("nested deeper than {}", kMaxDepth));
    }
    open_.push_back(static_cast<uint32_t>(nodes_.size()) - 1);
    return true;
  }
  void Close() {
    nodes_[open_.back()].end = static_cast<uint32_t>(nodes_.size());
    open_.pop_back();
  }

  bool CheckKeys(uint32_t object) {
    Value value(&nodes_, object);
    if (value.size() < 2) return true;
    members_.clear();
    for (Value member : value.children()) members_.push_back(member.index());
    auto key = [this](uint32_t index) { return nodes_[index].key; };
    std::sort(members_.begin(), members_.end(), [&](uint32_t a, uint32_t b) {
      return std::make_pair(key(a), a) < std::make_pair(key(b), b);
    });
    for (size_t i = 1; i < members_.size(); ++i) {
      if (key(members_[i - 1]) == key(members_[i])) {
        return Fail(members_[i], "duplicate key");
      }
    }
    return true;
  }

  bool Fail(size_t index, std::string_view what) {
    while (!open_.empty()) Close();  // so that PathTo finds its way
    std::string path = tape_->PathTo(static_cast<uint32_t>(index));
    status_ = InvalidArgument("{}{}{}", path, path.empty() ? "" : ": ", what);
    return false;
  }

  Tape* const tape_;
  std::vector<Node>& nodes_;
  std::string_view key_;
  std::vector<uint32_t> open_;
  std::vector<uint32_t> members_;  // scratch
  absl::Status status_;
};

std::string_view Describe(Kind kind) {
  constexpr std::string_view kNames[] = {"null",     "a boolean", "a number",
                                         "a string", "an array",  "an object"};
  return kNames[static_cast<size_t>(kind)];
}

std::string PathStep(std::string_view key) {
  constexpr size_t kLongest = 64;
  auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (!key.empty() && key.size() <= kLongest &&
      std::all_of(key.begin(), key.end(), plain)) {
    return fmt::format(".{}", key);
  }
  std::string quoted;
  for (char c : key.substr(0, kLongest)) {
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += control ? '?' : c;
  }
  return fmt::format("[\"{}{}\"]", quoted, key.size() > kLongest ? "…" : "");
}

absl::StatusOr<Tape> Tape::Parse(std::string_view text,
                                 const ParseOptions& options) {
  if (text.size() > std::min<size_t>(options.max_size, INT32_MAX)) {
    return InvalidArgument("{} bytes of JSON, more than {}", text.size(),
                           options.max_size);
  }
  // RapidJSON takes a NUL for the end of the text.
  if (size_t nul = text.find('\0'); nul != text.npos) {
    return SyntaxErrorAt(text, nul, "NUL character");
  }
  Tape tape;
  tape.nodes_ = std::make_unique<std::vector<Node>>();
  tape.nodes_->reserve(text.size() / 24 + 4);
  tape.buffer_ = std::make_unique<std::vector<char>>();
  // Its UTF-8 check reads (and in place, writes) up to three bytes past a
  // character that is cut short by the end.
  constexpr size_t kPadding = 4;
  tape.buffer_->reserve(text.size() + kPadding);
  tape.buffer_->assign(text.begin(), text.end());
  tape.buffer_->resize(text.size() + kPadding, '\0');

  TapeBuilder builder(&tape);
  rapidjson::InsituStringStream stream(tape.buffer_->data());
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (!builder.status().ok()) return builder.status();
  if (result.IsError()) {
    return SyntaxErrorAt(text, result.Offset(), DescribeSyntax(result.Code()));
  }
  return tape;
}

std::string Tape::PathTo(uint32_t index) const {
  std::string path;
  Value at = root();
  while (at.index() != index) {
    size_t position = 0;
    for (Value child : at.children()) {
      if (index >= child.end()) {
        ++position;
        continue;
      }
      path += child.has_key() ? PathStep(child.key())
                              : fmt::format("[{}]", position);
      at = child;
      break;
    }
  }
  if (path.starts_with('.')) path.erase(0, 1);
  return path;
}

}  // namespace sysbox::json
