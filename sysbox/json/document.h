// An edit of somebody else's JSON file, such as /etc/docker/daemon.json: set
// or remove values by key path, keep everything else, the order of keys and
// the indentation. Numbers keep their digits; line breaks within short lists
// and escapes of plain characters are not kept.
#ifndef SYSBOX_JSON_DOCUMENT_H_
#define SYSBOX_JSON_DOCUMENT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace sysbox::json {

class Document {
 public:
  using Path = absl::Span<const std::string>;  // keys, outermost first

  Document() = default;  // {}
  // The root must be an object; nothing but blanks is an empty one, as dockerd
  // takes it. Errors are InvalidArgument.
  static absl::StatusOr<Document> Parse(std::string_view text);

  // The value at `path` as compact JSON; nullopt if there is none.
  std::optional<std::string> Get(Path path) const;
  // The keys of the object at `path` (empty: the root), in order; empty when
  // there is no object.
  std::vector<std::string> Keys(Path path) const;

  // Sets the value at `path` to the JSON text `raw`: in its old place, or at
  // the end of its object. Objects missing on the way are made; something
  // else on the way is FailedPrecondition. `path` must not be empty.
  absl::Status Set(Path path, std::string_view raw);
  // False if there was nothing at `path`. The objects around it stay.
  bool Remove(Path path);

  // Indented as the text that was parsed (else by 4 spaces), with a final
  // line end.
  std::string Write() const;

 private:
  struct Member {
    std::string key;
    // Compact JSON of anything but an object.
    std::string raw;
    bool is_object = false;
    std::vector<Member> members;
    static Member Object(std::string_view key);
  };
  friend class DocumentReader;
  friend class DocumentWriter;
  static Member* Find(std::vector<Member>& members, std::string_view key);
  const Member* At(Path path) const;

  Member root_ = Member::Object("");
  std::string indent_ = "    ";
};

}  // namespace sysbox::json

#endif  // SYSBOX_JSON_DOCUMENT_H_
