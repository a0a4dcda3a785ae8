#include "services/catalog/plan_schema.h"

#include <re2/re2.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraint_builder.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <vector>

namespace sockel::catalog {
namespace {

using nlohmann::json;

// What `pattern` is called while valijson reads the schema, so that it leaves
// the matching to us.
constexpr char kPattern[] = "sockel:pattern";

class PatternConstraint final : public valijson::constraints::PolyConstraint {
 public:
  explicit PatternConstraint(std::shared_ptr<const RE2> pattern) : pattern_(std::move(pattern)) {}

  bool validate(const valijson::adapters::Adapter& target, const std::vector<std::string>& context,
                valijson::ValidationResults* results) const override {
    if (!target.isString() || RE2::PartialMatch(target.getString(), *pattern_)) return true;
    if (results != nullptr) {
      results->pushError(context, "must match the pattern " + pattern_->pattern());
    }
    return false;
  }

 private:
  valijson::constraints::Constraint* cloneInto(void* memory) const override {
    return new (memory) PatternConstraint(*this);
  }
  std::size_t sizeOf() const override { return sizeof(*this); }

  std::shared_ptr<const RE2> pattern_;
};

class PatternBuilder final : public valijson::ConstraintBuilder {
 public:
  // The parser takes it over.
  valijson::constraints::Constraint* make(const valijson::adapters::Adapter& node) const override {
    RE2::Options options;
    options.set_log_errors(false);
    auto pattern = std::make_shared<const RE2>(node.getString(), options);
    if (!pattern->ok()) {
      throw std::invalid_argument("pattern must be in RE2 syntax: " + pattern->error());
    }
    return new PatternConstraint(std::move(pattern));
  }
};

void Prepare(json& node);

// What lies below a keyword: a schema or several of them, unless it is known
// to be something else. A keyword of no meaning is looked through in vain.
void PrepareKeyword(const std::string& keyword, json& value) {
  static const std::set<std::string> values = {"const", "default", "enum", "examples"};
  static const std::set<std::string> by_name = {"definitions", "dependencies", "properties"};
  if (keyword == "$ref" || keyword == "patternProperties") {
    throw std::invalid_argument(keyword + " is not supported");
  }
  if (keyword == "multipleOf" && !(value.is_number() && value.get<double>() > 0)) {
    throw std::invalid_argument("multipleOf must be greater than 0");
  }
  if (values.count(keyword) != 0) return;
  if (by_name.count(keyword) != 0 && value.is_object()) {
    for (json& schema : value) Prepare(schema);
    return;
  }
  Prepare(value);
}

// valijson gives up on a value with a format that is no text.
void LimitFormatToTexts(json& schema) {
  const auto format = schema.find("format");
  if (format == schema.end()) return;
  json rule;
  rule["if"]["type"] = "string";
  rule["then"]["format"] = *format;
  schema.erase("format");
  json& all = schema["allOf"];
  if (all.is_null()) all = json::array();
  if (!all.is_array()) throw std::invalid_argument("allOf must be an array");
  all.push_back(std::move(rule));
}

void TakePattern(json& schema) {
  const auto pattern = schema.find("pattern");
  if (pattern == schema.end()) return;
  if (!pattern->is_string()) throw std::invalid_argument("pattern must be a string");
  json text = *pattern;
  schema.erase("pattern");
  schema[kPattern] = std::move(text);
}

void Prepare(json& node) {
  if (node.is_array()) {
    for (json& item : node) Prepare(item);
  }
  if (!node.is_object()) return;
  for (auto it = node.begin(); it != node.end(); ++it) PrepareKeyword(it.key(), it.value());
  LimitFormatToTexts(node);
  TakePattern(node);
}

}  // namespace

void ReadPlanSchema(json document, valijson::Schema& schema) {
  Prepare(document);
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.addConstraintBuilder(kPattern, new PatternBuilder);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), schema);
}

}  // namespace sockel::catalog
