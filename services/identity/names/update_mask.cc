#include "services/identity/names/update_mask.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"

namespace sockel::identity {
namespace {

bool IsPopulated(const google::protobuf::Message& resource, std::string_view field) {
  const auto* descriptor = resource.GetDescriptor()->FindFieldByName(std::string(field));
  if (descriptor == nullptr) return false;
  if (descriptor->is_repeated()) {
    return resource.GetReflection()->FieldSize(resource, descriptor) > 0;
  }
  return resource.GetReflection()->HasField(resource, descriptor);
}

}  // namespace

absl::StatusOr<std::set<std::string, std::less<>>> FieldsToUpdate(
    const google::protobuf::Message& resource, const google::protobuf::FieldMask& mask,
    absl::Span<const std::string_view> changeable) {
  std::set<std::string, std::less<>> fields;
  if (mask.paths().empty()) {
    for (std::string_view field : changeable) {
      if (IsPopulated(resource, field)) fields.emplace(field);
    }
    return fields;
  }
  for (const std::string& path : mask.paths()) {
    if (path == "*") {
      fields.insert(changeable.begin(), changeable.end());
    } else if (std::find(changeable.begin(), changeable.end(), path) != changeable.end()) {
      fields.insert(path);
    } else {
      std::string known;
      for (std::string_view field : changeable) {
        absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(field));
      }
      return error::InvalidField("update_mask", absl::StrCat("must name only: ", known, ", or *"));
    }
  }
  return fields;
}

}  // namespace sockel::identity
