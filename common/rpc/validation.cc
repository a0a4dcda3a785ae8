#include "common/rpc/validation.h"

#include <google/protobuf/field_mask.pb.h>

#include <cmath>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "common/ids/ids.h"
#include "common/rpc/field_path.h"
#include "common/rpc/known_types.h"
#include "common/rpc/update_mask.h"
#include "common/text/text.h"

namespace sockel::rpc {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kMostViolations = 20;
// Messages inside messages; protobuf's parser stops at 100.
constexpr int kMostDepth = 32;

class Validator {
 public:
  Validator(const ValidationContext& context, const FieldMask* mask)
      : context_(context), mask_(mask), complete_(context.complete) {}

  void Check(Message& message, const MessagePlan& plan, const FieldPath* outer, int depth);
  absl::Status Take() { return std::move(status_); }

 private:
  struct At {
    Message& message;
    const Reflection& reflection;
    const FieldPlan& plan;
    const FieldPath* outer;
    int depth;
  };

  void Fail(const FieldPath& path, std::string_view what);
  void CheckField(const At& at);
  void CheckItems(const At& at);
  bool CheckRequired(const At& at);
  void CheckText(const At& at, int index);
  bool CheckBeforeNormalising(const FieldPlan& plan, const std::string& value,
                              const FieldPath& path);
  void CheckString(const At& at, const std::string& value, const FieldPath& path);
  void CheckReference(const At& at, const std::string& value, const FieldPath& path);
  void CheckBytes(const FieldPlan& plan, const std::string& value, const FieldPath& path);
  void CheckNumber(const At& at, int index);
  void CheckRange(const FieldPlan& plan, int64_t value, const FieldPath& path);
  void CheckFloating(const At& at, int index);
  void CheckEnum(const At& at, int index);
  void CheckMessage(const At& at, int index);
  void CheckResourceOfUpdate(Message& resource, const FieldPlan& plan, const FieldPath& path);
  void CheckNameOfUpdate(Message& resource, const MessagePlan& plan, const FieldDescriptor* field,
                         const FieldPath& path);
  bool IsUpdateResource(const At& at) const {
    return at.depth == 0 && mask_ != nullptr && !at.plan.message->resources.empty();
  }

  const ValidationContext& context_;
  const FieldMask* const mask_;
  bool complete_;
  absl::Status status_;
  int violations_ = 0;
};

void Validator::Fail(const FieldPath& path, std::string_view what) {
  if (++violations_ > kMostViolations) return;
  if (status_.ok()) {
    status_ = error::InvalidField(path.Text(), what);
  } else {
    error::AddFieldViolation(status_, path.Text(), what);
  }
}

void Validator::Check(Message& message, const MessagePlan& plan, const FieldPath* outer,
                      int depth) {
  const Reflection& reflection = *message.GetReflection();
  for (const FieldPlan& field : plan.fields) {
    CheckField(At{message, reflection, field, outer, depth});
  }
}

void Validator::CheckField(const At& at) {
  const FieldDescriptor* field = at.plan.field;
  if (at.plan.output_only || (at.plan.identifier && at.depth > 0 && mask_ == nullptr)) {
    at.reflection.ClearField(&at.message, field);
    return;
  }
  if (field->is_repeated()) {
    CheckItems(at);
    return;
  }
  if (field->has_presence() && !at.reflection.HasField(at.message, field)) {
    if (at.plan.required && complete_) Fail({at.outer, field, -1}, "is required");
    return;
  }
  if (CheckRequired(at)) CheckText(at, -1);
}

// False when the field is empty, so that nothing is left to check.
bool Validator::CheckRequired(const At& at) {
  const FieldDescriptor* field = at.plan.field;
  const bool text = at.plan.kind == FieldPlan::Kind::kString;
  // With presence, an empty text still counts as missing; zero and false do not.
  if (field->has_presence() && !text) return true;
  std::string scratch;
  const bool present = text ? !at.reflection.GetStringReference(at.message, field, &scratch).empty()
                            : at.reflection.HasField(at.message, field);
  if (present) return true;
  if (at.plan.required && complete_ && at.plan.kind != FieldPlan::Kind::kBool) {
    Fail({at.outer, field, -1}, "is required");
  }
  return false;
}

void Validator::CheckItems(const At& at) {
  const FieldDescriptor* field = at.plan.field;
  const int size = at.reflection.FieldSize(at.message, field);
  if (size == 0) {
    if (at.plan.required && complete_) Fail({at.outer, field, -1}, "must not be empty");
    return;
  }
  if (static_cast<uint32_t>(size) > at.plan.max_items) {
    Fail({at.outer, field, -1}, absl::StrCat("must have at most ", at.plan.max_items, " elements"));
    return;
  }
  for (int i = 0; i < size && violations_ < kMostViolations; ++i) CheckText(at, i);
}

// One value, of any type.
void Validator::CheckText(const At& at, int index) {
  const FieldDescriptor* field = at.plan.field;
  switch (at.plan.kind) {
    case FieldPlan::Kind::kString:
    case FieldPlan::Kind::kBytes: {
      std::string scratch;
      const std::string& value =
          index < 0 ? at.reflection.GetStringReference(at.message, field, &scratch)
                    : at.reflection.GetRepeatedStringReference(at.message, field, index, &scratch);
      const FieldPath path{at.outer, field, index};
      if (at.plan.kind == FieldPlan::Kind::kBytes) return CheckBytes(at.plan, value, path);
      if (text::IsPlainlyNfc(value)) return CheckString(at, value, path);
      if (!CheckBeforeNormalising(at.plan, value, path)) return;
      std::string normal = text::ToNfc(value);
      CheckString(at, normal, path);
      if (normal == value) return;
      if (index < 0) {
        at.reflection.SetString(&at.message, field, std::move(normal));
      } else {
        at.reflection.SetRepeatedString(&at.message, field, index, std::move(normal));
      }
      return;
    }
    case FieldPlan::Kind::kEnum:
      return CheckEnum(at, index);
    case FieldPlan::Kind::kSigned:
    case FieldPlan::Kind::kUnsigned:
      return CheckNumber(at, index);
    case FieldPlan::Kind::kFloating:
      return CheckFloating(at, index);
    case FieldPlan::Kind::kMessage:
      return CheckMessage(at, index);
    case FieldPlan::Kind::kBool:
      return;
  }
}

// Normalising takes time that grows with the square of a row of marks, so what
// cannot be right is refused before.
bool Validator::CheckBeforeNormalising(const FieldPlan& plan, const std::string& value,
                                       const FieldPath& path) {
  // A character can come as four code points of up to three bytes.
  constexpr uint64_t kMostBytesACharacter = 12;
  if (value.size() > kMostBytesACharacter * plan.max_length) {
    Fail(path, absl::StrCat("must have at most ", plan.max_length, " characters"));
    return false;
  }
  if (text::IsStreamSafe(value)) return true;
  Fail(path, "must not have more than 30 combining marks in a row");
  return false;
}

void Validator::CheckString(const At& at, const std::string& value, const FieldPath& path) {
  if (std::memchr(value.data(), 0, value.size()) != nullptr) {
    return Fail(path, "must not contain the character NUL");
  }
  if (value.size() > at.plan.max_length && text::CodePoints(value) > at.plan.max_length) {
    return Fail(path, absl::StrCat("must have at most ", at.plan.max_length, " characters"));
  }
  if (value.empty()) return;
  if (at.plan.reference) return CheckReference(at, value, path);
  if (at.plan.pattern != nullptr && !RE2::FullMatch(value, *at.plan.pattern)) {
    return Fail(path, "must be " + at.plan.pattern_hint);
  }
  if (at.plan.meaning == FieldPlan::Meaning::kRequestId && !ids::IsUuid(value)) {
    Fail(path, "must be a UUID");
  }
}

void Validator::CheckReference(const At& at, const std::string& value, const FieldPath& path) {
  const bool across = context_.tenant == "*" && at.depth == 0 && at.plan.field->name() == "parent";
  bool matches = false;
  for (const ResourcePattern& pattern : at.plan.resources) {
    matches = matches || pattern.Matches(value, across);
  }
  if (!matches) {
    const std::string& form = at.plan.resources.front().text();
    return Fail(path,
                form.empty() ? "must be the name of a resource" : "must have the form " + form);
  }
  const std::string_view tenant = TenantOf(value);
  if (!tenant.empty() && !context_.tenant.empty() && context_.tenant != "*" &&
      tenant != context_.tenant) {
    Fail(path, absl::StrCat("must lie in tenants/", std::string(context_.tenant)));
  }
}

void Validator::CheckBytes(const FieldPlan& plan, const std::string& value, const FieldPath& path) {
  if (plan.exact_bytes != 0 && value.size() != plan.exact_bytes && !value.empty()) {
    Fail(path, absl::StrCat("must have exactly ", plan.exact_bytes, " bytes"));
  } else if (value.size() > plan.max_bytes) {
    Fail(path, absl::StrCat("must have at most ", plan.max_bytes, " bytes"));
  }
}

template <typename T>
T Number(const Reflection& reflection, const Message& message, const FieldDescriptor* field,
         int index) {
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return static_cast<T>(one ? reflection.GetInt32(message, field)
                                : reflection.GetRepeatedInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<T>(one ? reflection.GetInt64(message, field)
                                : reflection.GetRepeatedInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return static_cast<T>(one ? reflection.GetUInt32(message, field)
                                : reflection.GetRepeatedUInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<T>(one ? reflection.GetUInt64(message, field)
                                : reflection.GetRepeatedUInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return static_cast<T>(one ? reflection.GetFloat(message, field)
                                : reflection.GetRepeatedFloat(message, field, index));
    default:
      return static_cast<T>(one ? reflection.GetDouble(message, field)
                                : reflection.GetRepeatedDouble(message, field, index));
  }
}

void Validator::CheckNumber(const At& at, int index) {
  const FieldPath path{at.outer, at.plan.field, index};
  if (at.plan.kind == FieldPlan::Kind::kUnsigned) {
    const auto value = Number<uint64_t>(at.reflection, at.message, at.plan.field, index);
    return CheckRange(at.plan, value > INT64_MAX ? INT64_MAX : static_cast<int64_t>(value), path);
  }
  const auto value = Number<int64_t>(at.reflection, at.message, at.plan.field, index);
  if (at.plan.meaning == FieldPlan::Meaning::kPageSize && value < 0) {
    return Fail(path, "must not be negative");
  }
  CheckRange(at.plan, value, path);
}

void Validator::CheckRange(const FieldPlan& plan, int64_t value, const FieldPath& path) {
  if (!plan.has_rules) return;
  if (value < plan.min) return Fail(path, absl::StrCat("must be at least ", plan.min));
  if (plan.max != 0 && value > plan.max) Fail(path, absl::StrCat("must be at most ", plan.max));
}

void Validator::CheckFloating(const At& at, int index) {
  const auto value = Number<double>(at.reflection, at.message, at.plan.field, index);
  const FieldPath path{at.outer, at.plan.field, index};
  if (!std::isfinite(value)) return Fail(path, "must be a finite number");
  if (!at.plan.has_rules) return;
  if (value < static_cast<double>(at.plan.min)) {
    Fail(path, absl::StrCat("must be at least ", at.plan.min));
  } else if (at.plan.max != 0 && value > static_cast<double>(at.plan.max)) {
    Fail(path, absl::StrCat("must be at most ", at.plan.max));
  }
}

void Validator::CheckEnum(const At& at, int index) {
  const FieldDescriptor* field = at.plan.field;
  const int value = index < 0 ? at.reflection.GetEnumValue(at.message, field)
                              : at.reflection.GetRepeatedEnumValue(at.message, field, index);
  const EnumDescriptor* type = field->enum_type();
  if (type->FindValueByNumber(value) != nullptr) return;
  std::string known;
  for (int i = 0; i < type->value_count() && i < 20; ++i) {
    if (type->value(i)->number() == 0) continue;
    absl::StrAppend(&known, known.empty() ? "" : ", ", type->value(i)->name());
  }
  Fail({at.outer, field, index}, "must be one of " + known);
}

void Validator::CheckMessage(const At& at, int index) {
  const FieldDescriptor* field = at.plan.field;
  Message& inner = index < 0 ? *at.reflection.MutableMessage(&at.message, field)
                             : *at.reflection.MutableRepeatedMessage(&at.message, field, index);
  const FieldPath path{at.outer, field, index, field->is_map() ? &inner : nullptr};
  if (at.depth >= kMostDepth) return Fail(path, "is nested too deeply");
  if (at.plan.meaning != FieldPlan::Meaning::kNone) {
    const std::string_view wrong = WhatIsWrongWith(inner, at.plan.meaning);
    if (!wrong.empty()) Fail(path, wrong);
    return;
  }
  if (IsUpdateResource(at)) return CheckResourceOfUpdate(inner, at.plan, path);
  Check(inner, *at.plan.message, &path, at.depth + 1);
}

// What the update does not mean is none of the room's business: nobody reads it.
void Validator::CheckResourceOfUpdate(Message& resource, const FieldPlan& plan,
                                      const FieldPath& path) {
  const Reflection& reflection = *resource.GetReflection();
  for (const FieldPlan& field : plan.message->fields) {
    const Meant meant = MeantBy(*mask_, field);
    if (field.identifier) {
      CheckNameOfUpdate(resource, *plan.message, field.field, path);
    } else if (meant == Meant::kNot) {
      reflection.ClearField(&resource, field.field);
    } else {
      complete_ = meant == Meant::kWhole;
      CheckField(At{resource, reflection, field, &path, 1});
    }
  }
  complete_ = context_.complete;
}

void Validator::CheckNameOfUpdate(Message& resource, const MessagePlan& plan,
                                  const FieldDescriptor* field, const FieldPath& path) {
  const Reflection& reflection = *resource.GetReflection();
  std::string scratch;
  const std::string& name = reflection.GetStringReference(resource, field, &scratch);
  const FieldPath where{&path, field, -1};
  if (name.empty()) return Fail(where, "is required");
  FieldPlan reference;
  reference.field = field;
  reference.reference = true;
  reference.resources = plan.resources;
  CheckReference(At{resource, reflection, reference, &path, 1}, name, where);
}

}  // namespace

absl::Status Validate(Message& request, const MessagePlan& plan, const ValidationContext& context) {
  const FieldMask* mask = UpdateMaskOf(request, plan);
  if (mask != nullptr) {
    if (absl::Status status = CheckUpdateMask(*mask, plan); !status.ok()) return status;
  }
  Validator validator(context, mask);
  validator.Check(request, plan, nullptr, 0);
  return validator.Take();
}

}  // namespace sockel::rpc
