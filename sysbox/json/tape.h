// A JSON text as a flat list of its values in the order of the text; the
// strings live in one buffer. What codec.h, reader.h and document.h read.
// All that can be said without knowing the fields is checked here: syntax,
// size, depth, UTF-8, duplicate keys, NUL characters.
#ifndef SYSBOX_JSON_TAPE_H_
#define SYSBOX_JSON_TAPE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sysbox::json {

inline constexpr int kMaxDepth = 64;

enum class UnknownFields { kSkip, kError };

struct ParseOptions {
  size_t max_size = 16 << 20;  // bytes of text
  UnknownFields unknown_fields = UnknownFields::kSkip;
};

enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

// "a string", "an object", …: for error messages.
std::string_view Describe(Kind kind);

// `key` as a step of a path: `.name`, or `["odd.name"]`; control characters
// escaped, cut when long.
std::string PathStep(std::string_view key);

namespace internal {
struct Node {
  Kind kind = Kind::kNull;
  bool has_key = false;
  uint32_t end = 0;   // index after the value and all in it
  uint32_t size = 0;  // members or elements
  std::string_view key;
  std::string_view text;  // of a string, unescaped; of a number or bool, as is
};
}  // namespace internal

class Children;

// One value on a tape; valid as long as the tape.
class Value {
 public:
  Value(const std::vector<internal::Node>* nodes, uint32_t index)
      : nodes_(nodes), index_(index) {}
  Kind kind() const { return node().kind; }
  // A string's characters, a number's digits, "true" or "false".
  std::string_view text() const { return node().text; }
  std::string_view key() const { return node().key; }  // within an object
  bool has_key() const { return node().has_key; }
  size_t size() const { return node().size; }
  Children children() const;
  uint32_t index() const { return index_; }
  uint32_t end() const { return node().end; }

 private:
  const internal::Node& node() const { return (*nodes_)[index_]; }
  friend class Children;
  const std::vector<internal::Node>* nodes_;
  uint32_t index_;
};

// The members of an object or the elements of an array, for range-for.
class Children {
 public:
  class Iterator {
   public:
    explicit Iterator(Value value) : value_(value) {}
    Value operator*() const { return value_; }
    Iterator& operator++();
    bool operator!=(const Iterator& other) const {
      return value_.index() != other.value_.index();
    }

   private:
    Value value_;
  };
  explicit Children(Value parent) : parent_(parent) {}
  Iterator begin() const {
    return Iterator(Value(parent_.nodes_, parent_.index_ + 1));
  }
  Iterator end() const {
    return Iterator(Value(parent_.nodes_, parent_.end()));
  }

 private:
  friend class Iterator;
  Value parent_;
};

class Tape {
 public:
  static absl::StatusOr<Tape> Parse(std::string_view text,
                                    const ParseOptions& options = {});
  Value root() const { return Value(nodes_.get(), 0); }
  // `process.args[1]`; empty for the root.
  std::string PathTo(uint32_t index) const;

 private:
  friend class TapeBuilder;
  Tape() = default;
  // On the heap so that a moved Tape keeps its Values and views valid.
  std::unique_ptr<std::vector<char>> buffer_;
  std::unique_ptr<std::vector<internal::Node>> nodes_;
};

inline Children Value::children() const { return Children(*this); }
inline Children::Iterator& Children::Iterator::operator++() {
  value_.index_ = value_.end();
  return *this;
}

}  // namespace sysbox::json

#endif  // SYSBOX_JSON_TAPE_H_
