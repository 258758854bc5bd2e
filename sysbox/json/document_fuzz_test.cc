// A document that was read can be edited and written, and reads the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "sysbox/json/document.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sysbox::json::Document;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto document = Document::Parse(text);
  if (!document.ok()) return 0;
  const std::vector<std::string> path = {"runtimes", "sysbox-runc"};
  std::string before = document->Write();
  if (document->Set(path, "{\"path\":\"x\"}").ok()) {
    auto again = Document::Parse(document->Write());
    if (!again.ok() || again->Get(path) != "{\"path\":\"x\"}") abort();
    if (!document->Remove(path)) abort();
  } else if (document->Write() != before) {
    abort();
  }
  return 0;
}
