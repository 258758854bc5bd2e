// One codec for config.json, state.json and the daemon's messages: structs
// described by tables of fields, read from and written to JSON. RapidJSON is
// hidden in tape.cc and writer.cc. Errors name the field by its path,
// `linux.namespaces[1].type: expected a string, got a number`, and where the
// text is not JSON at all, line and column.
//
//   struct Root { std::string path; bool readonly = false; };
//   template <> struct json::Fields<Root> {          // in namespace sysbox
//     static constexpr auto kTable = std::make_tuple(
//         json::Required("path", &Root::path),
//         json::Optional("readonly", &Root::readonly));
//   };
//
// Field types: bool, (u)int8..64, double, std::string, enums with EnumNames,
// std::optional<T>, std::vector<T>, std::map<std::string, T>, json::Raw (any
// value kept as text) and any struct with a table. Integers are range-checked
// and take no fraction or exponent. Keys are matched exactly (Go's decoder
// ignores case; a key spelled differently is an unknown one here). Unknown
// fields are skipped, as the OCI spec demands, unless ParseOptions says
// otherwise. A null counts as an absent field and is an error elsewhere.
// Duplicate keys, text after the value, invalid UTF-8, NUL characters (they
// would cut paths short) and nesting deeper than 64 are errors.
#ifndef SYSBOX_JSON_CODEC_H_
#define SYSBOX_JSON_CODEC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sysbox/json/field.h"
#include "sysbox/json/reader.h"
#include "sysbox/json/tape.h"
#include "sysbox/json/writer.h"

namespace sysbox::json {

// The table of a struct's fields; specialise it with a `kTable` tuple.
template <typename T>
struct Fields;

// The names of an enum's values; specialise it with a `kTable`:
//   static constexpr std::pair<Kind, std::string_view> kTable[] = {…};
template <typename T>
struct EnumNames;

// Any JSON value as compact text; empty when absent.
struct Raw {
  std::string text;
  friend bool operator==(const Raw&, const Raw&) = default;
};

template <typename S, typename M>
struct Field {
  std::string_view name;
  M S::*member;
  Presence presence;
};
// Must be there when read; always written.
template <typename S, typename M>
constexpr Field<S, M> Required(std::string_view name, M S::*member) {
  return {name, member, Presence::kRequired};
}
// May be absent when read and keeps its default then; always written.
template <typename S, typename M>
constexpr Field<S, M> Always(std::string_view name, M S::*member) {
  return {name, member, Presence::kAlways};
}
// May be absent when read; left out when it equals the member's default, or
// is an empty list, map or optional.
template <typename S, typename M>
constexpr Field<S, M> Optional(std::string_view name, M S::*member) {
  return {name, member, Presence::kOptional};
}

// How one type is read and written. Read returns false after Reader::Fail.
// IsDefault says whether an Optional field of that type is left out, given
// what a default-constructed struct holds there.
template <typename T>
struct Codec;

namespace internal {

template <typename T>
inline constexpr bool kIsInteger =
    std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <typename T, size_t I>
struct FieldOf {
  static constexpr auto kField = std::get<I>(Fields<T>::kTable);
  using Member = std::remove_cvref_t<decltype(T{}.*kField.member)>;

  static bool Read(Reader& reader, Value value, void* object) {
    return Codec<Member>::Read(reader, value,
                               &(static_cast<T*>(object)->*kField.member));
  }
  static void Write(Writer& writer, const void* object) {
    Codec<Member>::Write(writer, static_cast<const T*>(object)->*kField.member);
  }
  static bool IsDefault(const void* object, const void* fresh) {
    return Codec<Member>::IsDefault(
        static_cast<const T*>(object)->*kField.member,
        static_cast<const T*>(fresh)->*kField.member);
  }
  static constexpr FieldInfo kInfo = {kField.name, kField.presence, &Read,
                                      &Write, &IsDefault};
};

template <typename T, size_t... I>
constexpr std::array<FieldInfo, sizeof...(I)> MakeInfos(
    std::index_sequence<I...>) {
  return {FieldOf<T, I>::kInfo...};
}
// The table of T without its types, so that one loop serves all structs.
template <typename T>
inline constexpr auto kInfos = MakeInfos<T>(
    std::make_index_sequence<std::tuple_size_v<decltype(Fields<T>::kTable)>>{});

}  // namespace internal

// Structs.
template <typename T>
struct Codec {
  static_assert(internal::kInfos<T>.size() <= 64);
  static bool Read(Reader& reader, Value value, T* out) {
    return reader.ReadObject(value, internal::kInfos<T>, out);
  }
  static void Write(Writer& writer, const T& value) {
    WriteObject(writer, internal::kInfos<T>, &value, &Fresh());
  }
  static bool IsDefault(const T& value, const T& fresh) {
    for (const FieldInfo& field : internal::kInfos<T>) {
      if (!field.is_default(&value, &fresh)) return false;
    }
    return true;
  }

 private:
  static const T& Fresh() {
    static const T* const fresh = new T{};
    return *fresh;
  }
};

template <>
struct Codec<bool> {
  static bool Read(Reader& reader, Value value, bool* out) {
    return reader.ReadBool(value, out);
  }
  static void Write(Writer& writer, bool value) { writer.Bool(value); }
  static bool IsDefault(bool value, bool fresh) { return value == fresh; }
};

template <typename T>
requires internal::kIsInteger<T>
struct Codec<T> {
  static bool Read(Reader& reader, Value value, T* out) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      int64_t wide = 0;
      if (!reader.ReadInt(value, Limits::min(), Limits::max(), &wide)) {
        return false;
      }
      *out = static_cast<T>(wide);
    } else {
      uint64_t wide = 0;
      if (!reader.ReadUint(value, Limits::max(), &wide)) return false;
      *out = static_cast<T>(wide);
    }
    return true;
  }
  static void Write(Writer& writer, T value) {
    if constexpr (std::is_signed_v<T>) {
      writer.Int(value);
    } else {
      writer.Uint(value);
    }
  }
  static bool IsDefault(T value, T fresh) { return value == fresh; }
};

template <>
struct Codec<double> {
  static bool Read(Reader& reader, Value value, double* out) {
    return reader.ReadDouble(value, out);
  }
  static void Write(Writer& writer, double value) { writer.Double(value); }
  static bool IsDefault(double value, double fresh) { return value == fresh; }
};

template <>
struct Codec<std::string> {
  static bool Read(Reader& reader, Value value, std::string* out) {
    return reader.ReadString(value, out);
  }
  static void Write(Writer& writer, const std::string& value) {
    writer.String(value);
  }
  static bool IsDefault(const std::string& value, const std::string& fresh) {
    return value == fresh;
  }
};

template <>
struct Codec<Raw> {
  static bool Read(Reader& reader, Value value, Raw* out) {
    out->text = reader.TextOf(value);
    return true;
  }
  // Text that is not one JSON value is written as null.
  static void Write(Writer& writer, const Raw& value) {
    writer.Raw(value.text);
  }
  static bool IsDefault(const Raw& value, const Raw& fresh) {
    return value == fresh;
  }
};

template <typename T>
requires std::is_enum_v<T>
struct Codec<T> {
  static bool Read(Reader& reader, Value value, T* out) {
    std::string name;
    if (!reader.ReadString(value, &name)) return false;
    for (const auto& [known, known_name] : EnumNames<T>::kTable) {
      if (name == known_name) {
        *out = known;
        return true;
      }
    }
    return reader.FailUnknown(value, name);
  }
  static void Write(Writer& writer, T value) {
    for (const auto& [known, known_name] : EnumNames<T>::kTable) {
      if (value == known) return writer.String(known_name);
    }
    writer.String("");  // a value without a row: our own bug; does not read
  }
  static bool IsDefault(T value, T fresh) { return value == fresh; }
};

template <typename T>
struct Codec<std::optional<T>> {
  static bool Read(Reader& reader, Value value, std::optional<T>* out) {
    return Codec<T>::Read(reader, value, &out->emplace());
  }
  static void Write(Writer& writer, const std::optional<T>& value) {
    if (!value) return writer.Null();
    Codec<T>::Write(writer, *value);
  }
  static bool IsDefault(const std::optional<T>& value,
                        const std::optional<T>&) {
    return !value.has_value();
  }
};

template <typename T>
struct Codec<std::vector<T>> {
  static bool Read(Reader& reader, Value value, std::vector<T>* out) {
    if (!reader.ExpectArray(value)) return false;
    out->clear();
    out->reserve(value.size());
    for (Value item : value.children()) {
      if (!Codec<T>::Read(reader, item, &out->emplace_back())) return false;
    }
    return true;
  }
  static void Write(Writer& writer, const std::vector<T>& value) {
    writer.StartArray();
    for (const T& item : value) Codec<T>::Write(writer, item);
    writer.EndArray();
  }
  static bool IsDefault(const std::vector<T>& value, const std::vector<T>&) {
    return value.empty();
  }
};

template <typename T>
struct Codec<std::map<std::string, T>> {
  using Map = std::map<std::string, T>;
  static bool Read(Reader& reader, Value value, Map* out) {
    if (!reader.ExpectObject(value)) return false;
    out->clear();
    for (Value item : value.children()) {
      if (!Codec<T>::Read(reader, item, &(*out)[std::string(item.key())])) {
        return false;
      }
    }
    return true;
  }
  static void Write(Writer& writer, const Map& value) {
    writer.StartObject();
    for (const auto& [key, item] : value) {
      writer.Key(key);
      Codec<T>::Write(writer, item);
    }
    writer.EndObject();
  }
  static bool IsDefault(const Map& value, const Map&) { return value.empty(); }
};

// Reads one JSON value of type T. Errors are InvalidArgument.
template <typename T>
absl::StatusOr<T> Parse(std::string_view text,
                        const ParseOptions& options = {}) {
  absl::StatusOr<Tape> tape = Tape::Parse(text, options);
  if (!tape.ok()) return tape.status();
  Reader reader(*tape, options);
  T out{};
  if (!Codec<T>::Read(reader, tape->root(), &out)) return reader.status();
  return out;
}

// Writes `value`, without a line end. Bytes that are not UTF-8 become U+FFFD.
template <typename T>
std::string Write(const T& value, const WriteOptions& options = {}) {
  std::string out;
  Writer writer(&out, options);
  Codec<T>::Write(writer, value);
  return out;
}

}  // namespace sysbox::json

#endif  // SYSBOX_JSON_CODEC_H_
