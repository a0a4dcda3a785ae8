#include "tools/sockel/render.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/type/date.pb.h>
#include <google/type/money.pb.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "common/clock/timestamp.h"
#include "common/ids/ids.h"
#include "common/text/text.h"
#include "tools/sockel/characters.h"

namespace sockel::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What stays where it is written: a space for each character that would not, and
// for each byte that is none.
std::string OneLine(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const bool shown = length > 0 && !IsControl(character) && !TurnsDirection(character);
    line += shown ? character : " ";
    text.remove_prefix(character.size());
  }
  return line;
}

// Well-known types in the way people write them; nothing for other messages.
bool RenderWellKnown(const Message& message, std::string& text) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    text = absl::FormatTime("%Y-%m-%d %H:%M:%S", FromTimestamp(*time), absl::LocalTimeZone());
  } else if (const auto* date = dynamic_cast<const google::type::Date*>(&message)) {
    text = absl::StrFormat("%04d-%02d-%02d", date->year(), date->month(), date->day());
  } else if (const auto* money = dynamic_cast<const google::type::Money*>(&message)) {
    text = absl::StrFormat("%d.%02d %s", money->units(), money->nanos() / 10'000'000,
                           money->currency_code());
  } else if (dynamic_cast<const google::protobuf::Struct*>(&message) != nullptr) {
    text = RenderJson(message);
  } else {
    return false;
  }
  return true;
}

// What was chosen in a message that is one choice (a oneof and nothing else).
const FieldDescriptor* Chosen(const Message& message) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  if (type.real_oneof_decl_count() != 1) return nullptr;
  const google::protobuf::OneofDescriptor& choice = *type.oneof_decl(0);
  if (choice.field_count() != type.field_count()) return nullptr;
  return message.GetReflection()->GetOneofFieldDescriptor(message, &choice);
}

std::string RenderScalar(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool many = field.is_repeated();
  const auto integer = [&](auto single, auto repeated) {
    return many ? absl::StrCat((reflection.*repeated)(message, &field, index))
                : absl::StrCat((reflection.*single)(message, &field));
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value = many ? reflection.GetRepeatedString(message, &field, index)
                                     : reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? ids::ToHex(value) : OneLine(value);
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      return (many ? reflection.GetRepeatedEnum(message, &field, index)
                   : reflection.GetEnum(message, &field))
          ->name();
    case FieldDescriptor::CPPTYPE_BOOL:
      return (many ? reflection.GetRepeatedBool(message, &field, index)
                   : reflection.GetBool(message, &field))
                 ? "yes"
                 : "no";
    case FieldDescriptor::CPPTYPE_INT32:
      return integer(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return integer(&Reflection::GetInt64, &Reflection::GetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return integer(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return integer(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return integer(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return integer(&Reflection::GetFloat, &Reflection::GetRepeatedFloat);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  const Message& child = many ? reflection.GetRepeatedMessage(message, &field, index)
                              : reflection.GetMessage(message, &field);
  std::string text;
  if (RenderWellKnown(child, text)) return text;
  const FieldDescriptor* chosen = Chosen(child);
  return chosen == nullptr ? RenderJson(child) : RenderScalar(child, *chosen, 0);
}

std::string LastSegment(std::string name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

std::string Pad(const std::string& text, std::size_t width) {
  const std::size_t length = text::IsUtf8(text) ? text::CodePoints(text) : text.size();
  return text + std::string(width > length ? width - length : 0, ' ');
}

void AppendField(const Message& message, const FieldDescriptor& field, int indent,
                 std::string& text) {
  const Reflection& reflection = *message.GetReflection();
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
  for (int i = 0; i < count; ++i) {
    std::string well_known;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Message& child = field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, i)
                                                 : reflection.GetMessage(message, &field);
      if (field.is_map()) {
        absl::StrAppend(&text, margin, field.name(), ".", RenderField(child, "key"), ": ",
                        RenderField(child, "value"), "\n");
        continue;
      }
      if (!RenderWellKnown(child, well_known)) {
        absl::StrAppend(&text, margin, field.name(), ":\n", RenderMessage(child, indent + 2));
        continue;
      }
    }
    absl::StrAppend(&text, margin, field.name(), ": ", RenderScalar(message, field, i), "\n");
  }
}

}  // namespace

std::string RenderField(const Message& message, std::string_view path) {
  constexpr std::string_view kIdSuffix = "|id";
  if (path.size() > kIdSuffix.size() && path.substr(path.size() - 3) == kIdSuffix) {
    return LastSegment(RenderField(message, path.substr(0, path.size() - 3)));
  }
  const std::size_t dot = path.find('.');
  const FieldDescriptor* field =
      message.GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr) return "";
  const Reflection& reflection = *message.GetReflection();
  if (field->is_repeated()) {
    const int count = reflection.FieldSize(message, field);
    if (dot != std::string_view::npos) {
      if (count == 0) return "";
      return RenderField(reflection.GetRepeatedMessage(message, field, count - 1),
                         path.substr(dot + 1));
    }
    std::string text;
    for (int i = 0; i < count; ++i) {
      absl::StrAppend(&text, i == 0 ? "" : ", ", RenderScalar(message, *field, i));
    }
    return text;
  }
  if (field->has_presence() && !reflection.HasField(message, field)) return "";
  if (dot == std::string_view::npos) return RenderScalar(message, *field, 0);
  return RenderField(reflection.GetMessage(message, field), path.substr(dot + 1));
}

std::string RenderTable(const Message& response, const std::string& field,
                        const std::vector<Column>& columns) {
  const FieldDescriptor* list = response.GetDescriptor()->FindFieldByName(field);
  const Reflection& reflection = *response.GetReflection();
  std::vector<std::vector<std::string>> rows(1);
  for (const Column& column : columns) rows[0].push_back(column.title);
  for (int i = 0; i < reflection.FieldSize(response, list); ++i) {
    auto& row = rows.emplace_back();
    for (const Column& column : columns) {
      row.push_back(RenderField(reflection.GetRepeatedMessage(response, list, i), column.path));
    }
  }
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] =
          std::max(widths[i], text::IsUtf8(row[i]) ? text::CodePoints(row[i]) : row[i].size());
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      absl::StrAppend(&text, last ? row[i] : Pad(row[i], widths[i] + 2));
    }
    text += '\n';
  }
  return text;
}

std::string RenderMessage(const Message& message, int indent) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::string text;
  for (const FieldDescriptor* field : fields) AppendField(message, *field, indent, text);
  return text;
}

std::string RenderJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}";
  return text;
}

std::string RenderBytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrFormat("%.0f B", bytes)
                   : absl::StrFormat("%.1f %s", bytes, kUnits[unit]);
}

}  // namespace sockel::cli
