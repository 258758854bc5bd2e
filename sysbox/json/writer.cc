#include "sysbox/json/writer.h"

#include <cmath>

#include "rapidjson/prettywriter.h"
#include "rapidjson/writer.h"

namespace sysbox::json {
namespace {

// RapidJSON's output stream concept over a std::string.
struct StringSink {
  using Ch = char;
  std::string* out;
  void Put(char c) { out->push_back(c); }
  void Flush() {}
};

// RapidJSON's input and output streams over memory, for its UTF-8 automaton.
struct Utf8Source {
  using Ch = char;
  std::string_view text;
  size_t position = 0;
  char Peek() const { return position < text.size() ? text[position] : '\0'; }
  char Take() { return position < text.size() ? text[position++] : '\0'; }
  size_t Tell() const { return position; }
};

using Utf8 = rapidjson::UTF8<>;

// `text` with each byte that is not part of a UTF-8 character replaced.
std::string ToUtf8(std::string_view text) {
  std::string out;
  Utf8Source source{text};
  while (source.position < text.size()) {
    size_t start = source.position;
    std::string character;
    StringSink sink{&character};
    if (Utf8::Validate(source, sink) && source.position > start) {
      out += character;
    } else {
      out += "\xef\xbf\xbd";  // U+FFFD
      source.position = start + 1;
    }
  }
  return out;
}

bool IsAscii(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

// What RapidJSON's two writers have in common, without naming them in the
// header.
class Writer::Backend {
 public:
  virtual ~Backend() = default;
  virtual void Null() = 0;
  virtual void Bool(bool value) = 0;
  virtual void Int(int64_t value) = 0;
  virtual void Uint(uint64_t value) = 0;
  virtual void Double(double value) = 0;
  virtual void String(std::string_view utf8) = 0;
  virtual void Number(std::string_view digits) = 0;
  virtual void Key(std::string_view utf8) = 0;
  virtual void StartObject() = 0;
  virtual void EndObject() = 0;
  virtual void StartArray() = 0;
  virtual void EndArray() = 0;
};

template <typename RapidWriter>
class Writer::BackendOf final : public Writer::Backend {
 public:
  explicit BackendOf(std::string* out) : sink_{out}, writer_(sink_) {}
  RapidWriter& writer() { return writer_; }

  void Null() override { writer_.Null(); }
  void Bool(bool value) override { writer_.Bool(value); }
  void Int(int64_t value) override { writer_.Int64(value); }
  void Uint(uint64_t value) override { writer_.Uint64(value); }
  void Double(double value) override { writer_.Double(value); }
  void String(std::string_view utf8) override {
    writer_.String(utf8.data(), static_cast<rapidjson::SizeType>(utf8.size()));
  }
  void Number(std::string_view digits) override {
    writer_.RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
  }
  void Key(std::string_view utf8) override {
    writer_.Key(utf8.data(), static_cast<rapidjson::SizeType>(utf8.size()));
  }
  void StartObject() override { writer_.StartObject(); }
  void EndObject() override { writer_.EndObject(); }
  void StartArray() override { writer_.StartArray(); }
  void EndArray() override { writer_.EndArray(); }

 private:
  StringSink sink_;
  RapidWriter writer_;
};

Writer::Writer(std::string* out, const WriteOptions& options) {
  if (options.indent.empty()) {
    using Compact = BackendOf<rapidjson::Writer<StringSink>>;
    backend_ = std::make_unique<Compact>(out);
    return;
  }
  using Pretty = BackendOf<rapidjson::PrettyWriter<StringSink>>;
  auto pretty = std::make_unique<Pretty>(out);
  pretty->writer().SetIndent(options.indent[0] == '\t' ? '\t' : ' ',
                             static_cast<unsigned>(options.indent.size()));
  backend_ = std::move(pretty);
}

Writer::~Writer() = default;

void Writer::Null() { backend_->Null(); }
void Writer::Bool(bool value) { backend_->Bool(value); }
void Writer::Int(int64_t value) { backend_->Int(value); }
void Writer::Uint(uint64_t value) { backend_->Uint(value); }
void Writer::Number(std::string_view digits) { backend_->Number(digits); }
void Writer::StartObject() { backend_->StartObject(); }
void Writer::EndObject() { backend_->EndObject(); }
void Writer::StartArray() { backend_->StartArray(); }
void Writer::EndArray() { backend_->EndArray(); }

void Writer::Double(double value) {
  if (!std::isfinite(value)) return backend_->Null();
  backend_->Double(value);
}

void Writer::String(std::string_view value) {
  if (IsAscii(value)) return backend_->String(value);
  backend_->String(ToUtf8(value));
}

void Writer::Key(std::string_view key) {
  if (IsAscii(key)) return backend_->Key(key);
  backend_->Key(ToUtf8(key));
}

void Writer::Raw(std::string_view json) {
  absl::StatusOr<Tape> tape = Tape::Parse(json);
  if (!tape.ok()) return Null();
  Tree(tape->root());
}

void Writer::Tree(Value value) {
  switch (value.kind()) {
    case Kind::kNull:
      return Null();
    case Kind::kBool:
      return Bool(value.text() == "true");
    case Kind::kNumber:
      return Number(value.text());
    case Kind::kString:
      return String(value.text());
    case Kind::kArray:
      StartArray();
      for (Value item : value.children()) Tree(item);
      return EndArray();
    case Kind::kObject:
      StartObject();
      for (Value member : value.children()) {
        Key(member.key());
        Tree(member);
      }
      return EndObject();
  }
}

void WriteObject(Writer& writer, absl::Span<const FieldInfo> fields,
                 const void* object, const void* fresh) {
  writer.StartObject();
  for (const FieldInfo& field : fields) {
    if (field.presence == Presence::kOptional &&
        field.is_default(object, fresh)) {
      continue;
    }
    writer.Key(field.name);
    field.write(writer, object);
  }
  writer.EndObject();
}

}  // namespace sysbox::json
