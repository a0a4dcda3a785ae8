#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace sockel::identity {

// The fields of `resource` an update shall change (AIP-134): the mask's paths;
// without a mask those of `changeable` that are populated; with `*` all of
// them. INVALID_ARGUMENT for a path that is not in `changeable`.
absl::StatusOr<std::set<std::string, std::less<>>> FieldsToUpdate(
    const google::protobuf::Message& resource, const google::protobuf::FieldMask& mask,
    absl::Span<const std::string_view> changeable);

}  // namespace sockel::identity
