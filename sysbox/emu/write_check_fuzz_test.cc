// Every row's write parser: what it accepts, it accepts again unchanged, on one
// line and bounded. Of a choice it shows all words, and accepts one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/emu/special_values.h"
#include "sysbox/emu/write_check.h"

namespace sysbox::emu {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsChoice(const NodeSpec& row) { return row.check.normalise == &Choice; }

// What a row holds is in its range.
std::string OldText(const NodeSpec& row) {
  if (IsChoice(row)) return "[always] madvise never";
  return std::to_string(row.check.min);
}

void TryRow(const NodeSpec& row, std::string_view data, std::string_view old) {
  const absl::StatusOr<std::string> text = AcceptWrite(row.check, data, old);
  if (!text.ok() || row.check.kind == Check::Kind::kNone) return;
  Require(text->find('\n') == text->npos && text->find('\0') == text->npos);
  if (row.check.kind == Check::Kind::kText) {
    Require(text->size() <= row.check.max);
  }
  // A value for good may be what the old one was.
  const absl::StatusOr<std::string> again =
      AcceptWrite(row.check, IsChoice(row) ? data : *text, *text);
  Require(again.ok() && *again == *text);
}

}  // namespace
}  // namespace sysbox::emu

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const sysbox::emu::NodeSpec& row : sysbox::emu::NodeTable()) {
    sysbox::emu::TryRow(row, text, sysbox::emu::OldText(row));
  }
  return 0;
}
