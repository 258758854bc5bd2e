// NODES.md is the table in words. When this fails it prints what the file has
// to say.
#include <sys/stat.h>

#include <climits>
#include <string>
#include <string_view>

#include "catch2/catch.hpp"
#include "fmt/format.h"
#include "sysbox/emu/node_spec.h"
#include "sysbox/emu/node_table.h"
#include "sysbox/linux/file.h"
#include "sysbox/testing/status_matchers.h"

namespace sysbox::emu {
namespace {

constexpr std::string_view kHead = R"(# The emulated files

Made of the table by `nodes_document_test`, which says what belongs here when
it fails. "Own": the container's, initially the host's. "Raises" and "sets the
host's": only if the daemon's --allow-host-writes names it. "Bound": each is a
mount in every container.

| path | mode | text | writes | bound |
|---|---|---|---|---|
)";

std::string ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kNetwork:
      return "network namespace's";
    case Scope::kIpc:
      return "ipc namespace's";
    case Scope::kUts:
      return "uts namespace's";
    case Scope::kUser:
      return "user namespace's";
    case Scope::kPid:
      return "pid namespace's";
    case Scope::kHost:
      break;
  }
  return "host's";
}

std::string_view OnHost(HostWrite write) {
  switch (write) {
    case HostWrite::kRaise:
      return "; raises the host's";
    case HostWrite::kSet:
      return "; sets the host's";
    case HostWrite::kNever:
      break;
  }
  return "";
}

std::string TextColumn(const NodeSpec& row) {
  switch (row.content) {
    case Content::kPrivate:
      return fmt::format("own{}{}{}", row.initial.empty() ? "" : ", else ",
                         row.initial, OnHost(row.host_write));
    case Content::kHost:
      return "host's";
    case Content::kNamespace:
      return ScopeName(row.scope);
    case Content::kGenerated:
      return "computed";
    case Content::kLink:
      return fmt::format("link to {}", row.initial);
    case Content::kHidden:
      return "absent";
    case Content::kDirectory:
      break;
  }
  if (row.binding == Binding::kNative) return "native";
  if (row.others == Others::kNothing) return "only what is listed here";
  if (row.others == Others::kHostDirectories) {
    return "and the host's directories, without files";
  }
  return fmt::format("and the {}", ScopeName(row.scope));
}

std::string Numbers(const Check& check) {
  std::string range;
  const bool any_int = check.kind == Check::Kind::kInts &&
                       check.min == INT_MIN && check.max == INT_MAX;
  if (any_int) {
    range = "int";
  } else if (check.kind == Check::Kind::kLongs && check.max == ULONG_MAX) {
    range = fmt::format("{}...", check.min);
  } else if (check.max == INT_MAX) {
    range = fmt::format("{}..INT_MAX", check.min);
  } else {
    range = fmt::format("{}..{}", check.min, check.max);
  }
  return check.count == 1 ? range : fmt::format("{} x {}", check.count, range);
}

std::string WriteColumn(const NodeSpec& row) {
  if (!S_ISREG(row.mode)) {
    return "";
  }
  if (row.writing == Writing::kRefused) return "refused";
  if (row.writing == Writing::kNamespace) return "to the namespace";
  std::string text;
  switch (row.check.kind) {
    case Check::Kind::kInts:
    case Check::Kind::kLongs:
      text = Numbers(row.check);
      break;
    case Check::Kind::kText:
      text = fmt::format("text of {}", row.check.max);
      break;
    case Check::Kind::kWord:
      text = std::string(row.check.words);
      break;
    case Check::Kind::kNone:
    case Check::Kind::kSpecial:
      text = "special";
      break;
  }
  return row.writing == Writing::kDiscarded ? text + ", no effect" : text;
}

std::string_view BoundColumn(const NodeSpec& row) {
  switch (row.binding) {
    case Binding::kServed:
      return row.superblock == Superblock::kLive ? "live" : "static";
    case Binding::kNative:
      return "native";
    case Binding::kNativeIfOwned:
      return "native if owned";
    case Binding::kNone:
      break;
  }
  return "";
}

TEST_CASE("the document says what the table says") {
  std::string text(kHead);
  for (const NodeSpec& row : NodeTable()) {
    text += fmt::format("| {}{} | {} | {} | {} | {} |\n", row.path,
                        S_ISDIR(row.mode) ? "/" : "",
                        row.content == Content::kHidden
                            ? ""
                            : fmt::format("{:04o}", row.mode & 07777),
                        TextColumn(row), WriteColumn(row), BoundColumn(row));
  }
  const std::string document = VALUE_OF(ReadFile("sysbox/emu/NODES.md"));
  if (document != text) fmt::print("{}", text);
  CHECK(document == text);
}

}  // namespace
}  // namespace sysbox::emu
