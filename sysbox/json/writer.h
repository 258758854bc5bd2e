// Writes JSON text, compact or indented as Go's json.MarshalIndent does, so
// that our files compare with runc's. The caller keeps the order: a key
// before each member, every start ended.
#ifndef SYSBOX_JSON_WRITER_H_
#define SYSBOX_JSON_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "sysbox/json/field.h"
#include "sysbox/json/tape.h"

namespace sysbox::json {

struct WriteOptions {
  std::string_view indent;  // "": compact; else one kind of blank: "\t", "  "
};

class Writer {
 public:
  // Appends to `out`, which must outlive the writer.
  Writer(std::string* out, const WriteOptions& options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void Null();
  void Bool(bool value);
  void Int(int64_t value);
  void Uint(uint64_t value);
  void Double(double value);             // NaN and infinities: null
  void String(std::string_view value);   // invalid UTF-8 becomes U+FFFD
  void Number(std::string_view digits);  // as is
  void Raw(std::string_view json);       // re-indented; null if not JSON
  void Tree(Value value);                // a value of a tape
  void Key(std::string_view key);
  void StartObject();
  void EndObject();
  void StartArray();
  void EndArray();

 private:
  class Backend;
  template <typename RapidWriter>
  class BackendOf;
  std::unique_ptr<Backend> backend_;
};

// Writes the fields that are required, always written, or not default.
void WriteObject(Writer& writer, absl::Span<const FieldInfo> fields,
                 const void* object, const void* fresh);

}  // namespace sysbox::json

#endif  // SYSBOX_JSON_WRITER_H_
