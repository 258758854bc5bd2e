// A row of a struct's table without its types: codec.h makes these, reader.h
// and writer.h loop over them.
#ifndef SYSBOX_JSON_FIELD_H_
#define SYSBOX_JSON_FIELD_H_

#include <cstdint>
#include <string_view>

namespace sysbox::json {

class Reader;
class Value;
class Writer;

enum class Presence : uint8_t { kOptional, kAlways, kRequired };

// `object` and `fresh`, a default-constructed one, are of the table's struct.
struct FieldInfo {
  std::string_view name;
  Presence presence;
  bool (*read)(Reader& reader, Value value, void* object);
  void (*write)(Writer& writer, const void* object);
  bool (*is_default)(const void* object, const void* fresh);
};

}  // namespace sysbox::json

#endif  // SYSBOX_JSON_FIELD_H_
