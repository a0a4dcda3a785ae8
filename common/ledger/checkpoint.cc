#include "common/ledger/checkpoint.h"

#include <openssl/sha.h>

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/ids/ids.h"

namespace sockel::ledger {
namespace {

constexpr char kEd25519 = '\x01';
constexpr std::string_view kSignaturePrefix = "\u2014 ";  // em dash

absl::Status Malformed(std::string_view what) {
  return absl::DataLossError(
      absl::StrCat("the checkpoint is malformed: ", absl::string_view(what.data(), what.size())));
}

// Base64 that is written the one canonical way.
std::optional<std::string> StrictBase64(std::string_view text) {
  std::optional<std::string> bytes = ids::FromBase64(text);
  if (!bytes.has_value() || ids::ToBase64(*bytes) != text) return std::nullopt;
  return bytes;
}

std::string KeyId(std::string_view name, std::string_view public_key) {
  std::string input(name);
  input += '\n';
  input += kEd25519;
  input += public_key;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
  return {reinterpret_cast<const char*>(digest), 4};
}

std::string BodyText(const CheckpointBody& body) {
  return absl::StrCat(body.origin, "\n", body.size, "\n", ids::ToBase64(ToBytes(body.root)), "\n");
}

// The next line without its end; nothing when there is none.
std::optional<std::string_view> TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

absl::StatusOr<CheckpointBody> ParseBody(std::string_view text) {
  CheckpointBody body;
  const auto origin = TakeLine(text);
  if (!origin.has_value() || origin->empty()) return Malformed("no origin");
  body.origin = *origin;
  const auto size = TakeLine(text);
  if (!size.has_value() || size->empty()) return Malformed("no size");
  const char* const end = size->data() + size->size();
  const auto [stop, error] = std::from_chars(size->data(), end, body.size);
  if (error != std::errc() || stop != end || std::to_string(body.size) != *size || body.size < 0) {
    return Malformed("the size must be a decimal number");
  }
  const auto root = TakeLine(text);
  const auto bytes = root.has_value() ? StrictBase64(*root) : std::nullopt;
  const auto hash = bytes.has_value() ? HashFromBytes(*bytes) : std::nullopt;
  if (!hash.has_value()) return Malformed("the root hash must be 32 bytes in base64");
  body.root = *hash;
  return body;
}

// The signature by `key` among the lines; nothing when there is none.
std::optional<std::string> FindSignature(std::string_view lines, const VerifierKey& key) {
  const std::string prefix = absl::StrCat(std::string(kSignaturePrefix), key.name(), " ");
  while (const auto line = TakeLine(lines)) {
    if (line->substr(0, prefix.size()) != prefix) continue;
    const auto bytes = StrictBase64(line->substr(prefix.size()));
    if (bytes.has_value() && bytes->substr(0, 4) == key.id()) return bytes->substr(4);
  }
  return std::nullopt;
}

}  // namespace

std::string Origin(std::string_view service, std::string_view tenant) {
  return absl::StrCat("sockel/", std::string(service), "/", std::string(tenant));
}

VerifierKey::VerifierKey(std::string name, std::string public_key)
    : name_(std::move(name)), public_key_(std::move(public_key)), id_(KeyId(name_, public_key_)) {}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  const auto wrong = [](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("a verifier key looks like name+0123abcd+base64: ", why));
  };
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos || first == 0) return wrong("the name is missing");
  const std::size_t second = text.find('+', first + 1);
  if (second == std::string_view::npos) return wrong("the key is missing");
  const auto bytes = StrictBase64(text.substr(second + 1));
  if (!bytes.has_value() || bytes->size() != 33 || (*bytes)[0] != kEd25519) {
    return wrong("the key must be an Ed25519 key of 32 bytes");
  }
  VerifierKey key(std::string(text.substr(0, first)), bytes->substr(1));
  if (ids::ToHex(key.id()) != text.substr(first + 1, second - first - 1)) {
    return wrong("the key id is not that of the key");
  }
  return key;
}

std::string VerifierKey::ToString() const {
  return absl::StrCat(name_, "+", ids::ToHex(id_), "+",
                      ids::ToBase64(absl::StrCat(std::string(1, kEd25519), public_key_)));
}

std::string SignCheckpoint(const CheckpointBody& body, const SigningKey& key) {
  const std::string text = BodyText(body);
  const VerifierKey verifier(body.origin, key.public_key());
  return absl::StrCat(text, "\n", std::string(kSignaturePrefix), verifier.name(), " ",
                      ids::ToBase64(absl::StrCat(verifier.id(), key.Sign(text))), "\n");
}

absl::StatusOr<CheckpointBody> OpenCheckpoint(std::string_view note, const VerifierKey& key) {
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return Malformed("no signatures");
  const std::string_view text = note.substr(0, blank + 1);
  const auto signature = FindSignature(note.substr(blank + 2), key);
  if (!signature.has_value()) {
    return absl::DataLossError(
        absl::StrCat("the checkpoint is not signed with the key ", key.ToString()));
  }
  if (!VerifyEd25519(key.public_key(), text, *signature)) {
    return absl::DataLossError("the checkpoint's signature is false: it was changed after signing");
  }
  absl::StatusOr<CheckpointBody> body = ParseBody(text);
  if (body.ok() && body->origin != key.name()) {
    return absl::DataLossError(absl::StrCat("the checkpoint is of the log ", body->origin,
                                            ", the key is that of ", key.name()));
  }
  return body;
}

}  // namespace sockel::ledger
