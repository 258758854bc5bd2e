// Reads values off a tape into C++ types, checking each; the first error is
// kept with the path of the value it is about. codec.h builds on it.
#ifndef SYSBOX_JSON_READER_H_
#define SYSBOX_JSON_READER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sysbox/json/field.h"
#include "sysbox/json/tape.h"

namespace sysbox::json {

// Every Read returns false after an error, which status() then tells.
class Reader {
 public:
  Reader(const Tape& tape, const ParseOptions& options)
      : tape_(tape), options_(options) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool ReadBool(Value value, bool* out);
  bool ReadInt(Value value, int64_t min, int64_t max, int64_t* out);
  bool ReadUint(Value value, uint64_t max, uint64_t* out);
  bool ReadDouble(Value value, double* out);
  bool ReadString(Value value, std::string* out);
  bool ReadObject(Value value, absl::Span<const FieldInfo> fields,
                  void* object);
  bool ExpectArray(Value value) { return Expect(value, Kind::kArray); }
  bool ExpectObject(Value value) { return Expect(value, Kind::kObject); }
  // `value` as compact JSON.
  std::string TextOf(Value value) const;

  // "<path>: <message>". Always false.
  bool Fail(Value value, std::string_view message);
  // `unknown value "name"`.
  bool FailUnknown(Value value, std::string_view name);
  const absl::Status& status() const { return status_; }

 private:
  bool Expect(Value value, Kind kind);
  bool FailMissing(Value object, std::string_view name);
  const Tape& tape_;
  const ParseOptions& options_;
  absl::Status status_;
};

}  // namespace sysbox::json

#endif  // SYSBOX_JSON_READER_H_
