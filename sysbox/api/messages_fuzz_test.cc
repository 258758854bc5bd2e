// Any payload as any message: the first byte chooses. What decodes must
// survive being written and read again.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sysbox/api/messages.h"
#include "sysbox/json/codec.h"

namespace {

namespace api = sysbox::api;
namespace json = sysbox::json;

template <typename T>
std::optional<T> Decode(std::string_view payload) {
  absl::StatusOr<T> message = json::Parse<T>(payload);
  if (!message.ok()) return std::nullopt;
  const std::string text = json::Write(*message);
  absl::StatusOr<T> again = json::Parse<T>(text);
  if (!again.ok() || json::Write(*again) != text) abort();
  return *std::move(message);
}

void DecodeRegister(std::string_view payload) {
  auto request = Decode<api::RegisterRequest>(payload);
  if (request) (void)api::FromRequest(*request, {});
}

void DecodeRegistered(std::string_view payload) {
  auto reply = Decode<api::RegisteredReply>(payload);
  if (reply) (void)api::FromReply(*reply, {});
}

void DecodeListed(std::string_view payload) {
  auto reply = Decode<api::ListedReply>(payload);
  if (!reply) return;
  for (const auto& listed : reply->containers) (void)api::FromListed(listed);
}

void DecodeError(std::string_view payload) {
  auto reply = Decode<api::ErrorReply>(payload);
  if (reply && api::FromErrorReply(*reply).ok()) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view payload(reinterpret_cast<const char*>(data) + 1,
                                 size - 1);
  using Decoder = void (*)(std::string_view);
  constexpr Decoder kDecoders[] = {
      DecodeRegister,
      DecodeRegistered,
      DecodeListed,
      DecodeError,
      [](std::string_view text) { (void)Decode<api::Hello>(text); },
      [](std::string_view text) { (void)Decode<api::Welcome>(text); },
      [](std::string_view text) { (void)Decode<api::Done>(text); },
      [](std::string_view text) { (void)Decode<api::ActivateRequest>(text); },
      [](std::string_view text) { (void)Decode<api::UnregisterRequest>(text); },
      [](std::string_view text) { (void)Decode<api::ListRequest>(text); },
      [](std::string_view text) { (void)Decode<api::AliasDnsRequest>(text); },
      [](std::string_view text) { (void)Decode<api::DnsAliasReply>(text); },
      [](std::string_view text) {
        (void)Decode<api::StoredValuesRequest>(text);
      },
      [](std::string_view text) {
        (void)Decode<api::ListEmulatedRequest>(text);
      },
      [](std::string_view text) {
        (void)Decode<api::ReadEmulatedRequest>(text);
      },
      [](std::string_view text) { (void)Decode<api::ListenRequest>(text); },
  };
  kDecoders[data[0] % std::size(kDecoders)](payload);
  return 0;
}
