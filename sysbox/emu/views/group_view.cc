#include "sysbox/emu/views/group_view.h"

#include <optional>
#include <utility>

#include "sysbox/base/status.h"
#include "sysbox/emu/views/container_resources.h"
#include "sysbox/linux/clock.h"

namespace sysbox::emu::views {
namespace {

absl::StatusOr<std::string> GenerateIn(ResourceGroup& group,
                                       ContainerView& view,
                                       GroupGenerator generator) {
  const int64_t now = BoottimeNs();
  SharedTexts& texts = group.shared_texts();
  const void* key = reinterpret_cast<const void*>(generator);
  if (std::optional<std::string> text = texts.Get(key, now)) return *text;
  SYSBOX_ASSIGN_OR_RETURN(
      std::string text,
      generator({group, view.resources().host(), view.facts()}));
  texts.Put(key, now, text);
  return text;
}

}  // namespace

absl::StatusOr<std::string> GenerateFor(ContainerView& view,
                                        const fuse::Caller& caller,
                                        GroupGenerator generator) {
  SYSBOX_ASSIGN_OR_RETURN(auto group,
                          view.resources().Of(view.facts(), caller));
  return GenerateIn(*group, view, generator);
}

absl::StatusOr<std::string> GenerateForContainer(ContainerView& view,
                                                 GroupGenerator generator) {
  SYSBOX_ASSIGN_OR_RETURN(auto group, view.resources().Own(view.facts()));
  return GenerateIn(*group, view, generator);
}

}  // namespace sysbox::emu::views
