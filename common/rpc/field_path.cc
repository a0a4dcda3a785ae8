#include "common/rpc/field_path.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sockel::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A map's key in quotes that nothing in it ends: ASCII, and cut short, because
// error details travel in gRPC's metadata.
std::string Quoted(const std::string& key) {
  constexpr std::size_t kMostCharacters = 64;
  std::string text;
  for (const char c : key) {
    const std::string escaped = absl::CEscape(std::string(1, c));
    if (text.size() + escaped.size() > kMostCharacters) {
      text.append("…");
      break;
    }
    text.append(escaped);
  }
  return "\"" + text + "\"";
}

// Of an entry of a map; empty when its keys are not text.
std::string KeyOf(const Message& entry) {
  const FieldDescriptor* key = entry.GetDescriptor()->map_key();
  if (key->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return {};
  return Quoted(entry.GetReflection()->GetString(entry, key));
}

}  // namespace

std::string FieldPath::Text() const {
  // The value of an entry goes by the name of the entry.
  if (outer != nullptr && field == field->containing_type()->map_value()) return outer->Text();
  std::string text = outer == nullptr ? std::string() : outer->Text() + ".";
  text.append(field->name());
  const std::string key = entry == nullptr ? std::string() : KeyOf(*entry);
  if (!key.empty()) {
    absl::StrAppend(&text, "[", key, "]");
  } else if (index >= 0) {
    absl::StrAppend(&text, "[", index, "]");
  }
  return text;
}

}  // namespace sockel::rpc
