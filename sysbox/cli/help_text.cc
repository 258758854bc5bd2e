#include "sysbox/cli/help_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "sysbox/base/strings.h"

namespace sysbox::cli {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kMaxLeft = 34;

struct Entry {
  std::string left;
  std::string right;
};

// `text` in lines of at most `width`, broken at blanks.
std::vector<std::string> Wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  for (absl::string_view word :
       absl::StrSplit(ToAbsl(text), ' ', absl::SkipEmpty())) {
    std::string& line = lines.back();
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      lines.emplace_back(word);
    } else {
      line += (line.empty() ? "" : " ");
      line += std::string(word);
    }
  }
  return lines;
}

// Two columns; a left part that is too wide has its right one below.
std::string Columns(const std::vector<Entry>& entries) {
  size_t left = 0;
  for (const Entry& entry : entries) {
    if (entry.left.size() <= kMaxLeft) {
      left = std::max(left, entry.left.size());
    }
  }
  std::string out;
  for (const Entry& entry : entries) {
    std::string lead = fmt::format("  {:<{}}  ", entry.left, left);
    if (entry.left.size() > left) {
      out += fmt::format("  {}\n", entry.left);
      lead = std::string(left + 4, ' ');
    }
    for (const std::string& line : Wrap(entry.right, kWidth - left - 4)) {
      out += lead + line + "\n";
      lead = std::string(left + 4, ' ');
    }
  }
  return out;
}

Entry EntryOf(const FlagSpec& flag) {
  Entry entry;
  entry.left = flag.alias != 0 ? fmt::format("-{}, --{}", flag.alias, flag.name)
                               : fmt::format("--{}", flag.name);
  if (flag.kind != ValueKind::kSwitch) {
    entry.left += fmt::format(" {}", flag.value.empty() ? "VALUE" : flag.value);
  }
  entry.right = flag.help;
  if (flag.kind == ValueKind::kList) entry.right += " (may be repeated)";
  if (!flag.fallback.empty()) {
    entry.right += fmt::format(" (default: {})", flag.fallback);
  }
  return entry;
}

std::string FlagSection(std::string_view title,
                        absl::Span<const FlagSpec> flags) {
  std::vector<Entry> entries;
  for (const FlagSpec& flag : flags) {
    if (!flag.hidden) entries.push_back(EntryOf(flag));
  }
  entries.push_back(EntryOf(kHelpFlag));
  return fmt::format("\n{}\n{}", title, Columns(entries));
}

std::string Paragraphs(std::string_view text) {
  return text.empty() ? "" : fmt::format("\n{}\n", text);
}

}  // namespace

std::string ProgramHelp(const ProgramSpec& program) {
  std::vector<Entry> commands;
  for (const CommandSpec& command : program.commands) {
    if (command.hidden) continue;
    commands.push_back(
        {std::string(command.name), std::string(command.summary)});
  }
  commands.push_back({"help", "show the help of a command"});
  return fmt::format("{}: {}\n\nusage: {} [flags] COMMAND [arguments]\n",
                     program.name, program.summary, program.name) +
         Paragraphs(program.description) +
         fmt::format("\nCommands\n{}", Columns(commands)) +
         FlagSection("Flags", program.globals) +
         fmt::format("\n`{} help COMMAND` tells more.\n", program.name);
}

std::string CommandHelp(const ProgramSpec& program,
                        const CommandSpec& command) {
  return fmt::format("{} {}: {}\n\nusage: {} {} [flags]{}{}\n", program.name,
                     command.name, command.summary, program.name, command.name,
                     command.operands.empty() ? "" : " ", command.operands) +
         Paragraphs(command.description) + FlagSection("Flags", command.flags);
}

}  // namespace sysbox::cli
