#include "sysbox/emu/views/cpuinfo.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "sysbox/base/status.h"
#include "sysbox/base/strings.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/emu/views/host_resources.h"
#include "sysbox/emu/views/kernel_text.h"
#include "sysbox/emu/views/visible_cpus.h"

namespace sysbox::emu::views {
namespace {

// "key\t: value"; the key without blanks at its end.
struct Line {
  std::string_view key;
  std::string_view before;  // the line up to the value
  std::string_view value;
};

Line ParseLine(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {{}, line, {}};
  const size_t key_end = line.find_last_not_of(" \t", colon - 1);
  const size_t begin =
      std::min(line.find_first_not_of(' ', colon + 1), line.size());
  return {colon == 0 ? std::string_view() : line.substr(0, key_end + 1),
          line.substr(0, begin), line.substr(begin)};
}

struct Block {
  std::string_view text;
  std::optional<uint64_t> processor = {};
  std::string_view package = {}, core = {};  // "physical id", "core id"
};

Block ParseBlock(std::string_view text) {
  Block block{.text = text};
  ForEachLine(text, [&block](std::string_view line) {
    const Line parsed = ParseLine(line);
    if (parsed.key == "processor") block.processor = ParseUint64(parsed.value);
    if (parsed.key == "physical id") block.package = parsed.value;
    if (parsed.key == "core id") block.core = parsed.value;
  });
  return block;
}

// The blocks to show; blank lines part them.
std::vector<Block> ChooseBlocks(std::string_view host,
                                const std::vector<uint16_t>& cpus) {
  std::vector<Block> blocks;
  while (!host.empty()) {
    const size_t end = host.find("\n\n");
    const std::string_view text = host.substr(0, end);
    host.remove_prefix(end == std::string_view::npos ? host.size() : end + 2);
    Block block = ParseBlock(text);
    const bool shown =
        !block.processor ||
        std::binary_search(cpus.begin(), cpus.end(), *block.processor);
    if (shown && !text.empty()) blocks.push_back(block);
  }
  return blocks;
}

struct Package {
  size_t siblings = 0;
  std::set<std::string_view> cores;
};

class Writer {
 public:
  explicit Writer(const std::vector<Block>& blocks) {
    for (const Block& block : blocks) {
      Package& package = packages_[block.package];
      ++package.siblings;
      package.cores.insert(block.core);
    }
  }

  void Append(const Block& block) {
    const Package& package = packages_[block.package];
    ForEachLine(block.text, [&](std::string_view line) {
      const Line parsed = ParseLine(line);
      if (block.processor && parsed.key == "processor") {
        Append(parsed, number_++);
      } else if (parsed.key == "siblings") {
        Append(parsed, package.siblings);
      } else if (parsed.key == "cpu cores") {
        Append(parsed, package.cores.size());
      } else {
        text_.append(line).push_back('\n');
      }
    });
    text_.push_back('\n');
  }

  std::string Take() { return std::move(text_); }

 private:
  void Append(const Line& line, size_t value) {
    text_.append(line.before).append(fmt::to_string(value)).push_back('\n');
  }

  std::map<std::string_view, Package> packages_;
  size_t number_ = 0;
  std::string text_;
};

}  // namespace

std::string CpuinfoText(std::string_view host,
                        const std::vector<uint16_t>& cpus) {
  const std::vector<Block> blocks = ChooseBlocks(host, cpus);
  Writer writer(blocks);
  for (const Block& block : blocks) writer.Append(block);
  return writer.Take();
}

absl::StatusOr<std::string> Cpuinfo(ContainerView& view,
                                    const fuse::Caller& caller) {
  SYSBOX_ASSIGN_OR_RETURN(const std::vector<uint16_t> cpus,
                          VisibleCpusOf(view, caller));
  SYSBOX_ASSIGN_OR_RETURN(auto host,
                          view.resources().host().Read(HostFile::kCpuinfo));
  return CpuinfoText(*host, cpus);
}

}  // namespace sysbox::emu::views
