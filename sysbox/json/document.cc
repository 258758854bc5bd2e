#include "sysbox/json/document.h"

#include <algorithm>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/json/tape.h"
#include "sysbox/json/writer.h"

namespace sysbox::json {
namespace {

// The blanks before the first line that starts with a key.
std::string DetectIndent(std::string_view text) {
  for (size_t line = text.find('\n'); line != text.npos;
       line = text.find('\n', line + 1)) {
    size_t start = line + 1;
    size_t end = text.find_first_not_of(" \t", start);
    if (end == text.npos || text[end] != '"' || end == start) continue;
    std::string_view blanks = text.substr(start, end - start);
    bool uniform = blanks.find_first_not_of(blanks[0]) == blanks.npos;
    if (uniform && blanks.size() <= 16) return std::string(blanks);
  }
  return "    ";
}

std::string PathText(absl::Span<const std::string> path) {
  std::string text;
  for (const std::string& key : path) text += PathStep(key);
  if (text.starts_with('.')) text.erase(0, 1);
  return text;
}

}  // namespace

class DocumentReader {
 public:
  static Document::Member Build(Value value) {
    auto member = Document::Member::Object(value.key());
    if (value.kind() == Kind::kObject) {
      member.members.reserve(value.size());
      for (Value child : value.children()) {
        member.members.push_back(Build(child));
      }
    } else {
      member.is_object = false;
      Writer writer(&member.raw, {});
      writer.Tree(value);
    }
    return member;
  }
};

class DocumentWriter {
 public:
  static std::string Write(const Document::Member& member,
                           std::string_view indent) {
    std::string out;
    Writer writer(&out, {.indent = indent});
    Put(member, writer);
    return out;
  }

 private:
  static void Put(const Document::Member& member, Writer& writer) {
    if (!member.is_object) return writer.Raw(member.raw);
    writer.StartObject();
    for (const Document::Member& child : member.members) {
      writer.Key(child.key);
      Put(child, writer);
    }
    writer.EndObject();
  }
};

absl::StatusOr<Document> Document::Parse(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) return Document();
  SYSBOX_ASSIGN_OR_RETURN(Tape tape, Tape::Parse(text));
  if (tape.root().kind() != Kind::kObject) {
    return InvalidArgument("expected an object, got {}",
                           Describe(tape.root().kind()));
  }
  Document document;
  document.root_ = DocumentReader::Build(tape.root());
  document.indent_ = DetectIndent(text);
  return document;
}

Document::Member Document::Member::Object(std::string_view key) {
  Member member;
  member.key = key;
  member.is_object = true;
  return member;
}

Document::Member* Document::Find(std::vector<Member>& members,
                                 std::string_view key) {
  auto found =
      std::find_if(members.begin(), members.end(),
                   [key](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &*found;
}

const Document::Member* Document::At(Path path) const {
  const Member* at = &root_;
  for (const std::string& key : path) {
    at = Find(const_cast<Member*>(at)->members, key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::optional<std::string> Document::Get(Path path) const {
  const Member* at = At(path);
  if (at == nullptr) return std::nullopt;
  return DocumentWriter::Write(*at, "");
}

std::vector<std::string> Document::Keys(Path path) const {
  std::vector<std::string> keys;
  if (const Member* at = At(path); at != nullptr) {
    for (const Member& member : at->members) keys.push_back(member.key);
  }
  return keys;
}

absl::Status Document::Set(Path path, std::string_view raw) {
  if (path.empty()) return InvalidArgument("empty key path");
  // Everything that can fail comes first: an error leaves the document as is.
  SYSBOX_ASSIGN_OR_RETURN(Tape tape, Tape::Parse(raw), "{}", PathText(path));
  Member* at = &root_;
  size_t depth = 0;
  for (; depth + 1 < path.size(); ++depth) {
    Member* next = Find(at->members, path[depth]);
    if (next == nullptr) break;
    if (next->raw == "null") *next = Member::Object(next->key);
    if (!next->is_object) {
      return FailedPrecondition("{}: not an object",
                                PathText(path.subspan(0, depth + 1)));
    }
    at = next;
  }
  for (; depth + 1 < path.size(); ++depth) {
    at->members.push_back(Member::Object(path[depth]));
    at = &at->members.back();
  }
  Member value = DocumentReader::Build(tape.root());
  value.key = path.back();
  if (Member* old = Find(at->members, value.key); old != nullptr) {
    *old = std::move(value);
  } else {
    at->members.push_back(std::move(value));
  }
  return absl::OkStatus();
}

bool Document::Remove(Path path) {
  if (path.empty()) return false;
  Member* parent = const_cast<Member*>(At(path.first(path.size() - 1)));
  if (parent == nullptr) return false;
  Member* member = Find(parent->members, path.back());
  if (member == nullptr) return false;
  parent->members.erase(parent->members.begin() +
                        (member - parent->members.data()));
  return true;
}

std::string Document::Write() const {
  return DocumentWriter::Write(root_, indent_) + "\n";
}

}  // namespace sysbox::json
