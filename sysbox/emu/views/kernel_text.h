// Walking the kernel's text files field by field, without copies. Tolerant:
// what is no number counts as 0, what is missing as empty.
#ifndef SYSBOX_EMU_VIEWS_KERNEL_TEXT_H_
#define SYSBOX_EMU_VIEWS_KERNEL_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "sysbox/base/strings.h"

namespace sysbox::emu::views {

// Calls visit(line) for each line, without its line break.
template <typename Visit>
void ForEachLine(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// Takes the first field, up to a blank, from the front of `rest`.
inline std::string_view TakeField(std::string_view* rest) {
  constexpr std::string_view kBlanks = " \t\n";
  const size_t begin = rest->find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return *rest = {};
  rest->remove_prefix(begin);
  const size_t end = rest->find_first_of(kBlanks);
  const std::string_view field = rest->substr(0, end);
  rest->remove_prefix(field.size());
  return field;
}

// The first field's number, 0 if it is none.
inline uint64_t TakeNumber(std::string_view* rest) {
  return ParseUint64(TakeField(rest)).value_or(0);
}

// Whether `text` begins with `prefix`, which is then taken from its front.
inline bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// Calls visit(key, value) for each "key value" line.
template <typename Visit>
void ForEachValue(std::string_view text, Visit&& visit) {
  ForEachLine(text, [&visit](std::string_view line) {
    const std::string_view key = TakeField(&line);
    if (!key.empty()) visit(key, TakeNumber(&line));
  });
}

// Finds rows, which have a `key`, in about the order they are asked for: the
// kernel's lines come in the order of the table.
template <typename Row>
class KeyFinder {
 public:
  template <size_t kSize>
  explicit KeyFinder(const Row (&rows)[kSize]) : rows_(rows), size_(kSize) {}

  // Null if there is none.
  const Row* Find(std::string_view key) {
    for (size_t tried = 0; tried < size_; ++tried) {
      const Row& row = rows_[next_];
      next_ = next_ + 1 == size_ ? 0 : next_ + 1;
      if (row.key == key) return &row;
    }
    return nullptr;
  }

 private:
  const Row* rows_;
  size_t size_;
  size_t next_ = 0;
};

}  // namespace sysbox::emu::views

#endif  // SYSBOX_EMU_VIEWS_KERNEL_TEXT_H_
