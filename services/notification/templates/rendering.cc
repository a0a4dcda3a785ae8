#include "services/notification/templates/rendering.h"

#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary.h>
#include <ctemplate/template_emitter.h>
#include <ctemplate/template_enums.h>

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/error/error.h"
#include "services/notification/mail/address.h"

namespace sockel::notification {
namespace {

using v1::TemplateParameter;
using v1::TemplateText;
using v1::TemplateVersion;

enum class Part { kSubject, kText, kHtml };

// Parameters get names by position, P0…P49: ctemplate keeps every name it ever
// saw in a global table, which must not grow with what tenants invent.
using Positions = std::map<std::string, std::size_t, std::less<>>;

Positions PositionsOf(const TemplateVersion& version) {
  Positions positions;
  for (const TemplateParameter& parameter : version.parameters()) {
    positions.emplace(parameter.id(), positions.size());
  }
  return positions;
}

std::string PositionName(std::size_t position) { return absl::StrCat("P", position); }

// Our language into ctemplate's. The error is a sentence for the author.
class Translator {
 public:
  explicit Translator(const Positions& positions) : positions_(positions) {}

  // nullopt on success, with the result in output().
  std::optional<std::string> Translate(std::string_view text) {
    while (true) {
      const std::size_t open = text.find("{{");
      output_.append(text.substr(0, open));
      if (open == std::string_view::npos) break;
      const std::size_t close = text.find("}}", open);
      if (close == std::string_view::npos) return "has a marker without }}";
      if (auto fault = Marker(text.substr(open + 2, close - open - 2))) return fault;
      text.remove_prefix(close + 2);
    }
    if (!open_.empty()) return absl::StrCat("does not close {{#", open_.back(), "}}");
    return std::nullopt;
  }

  const std::string& output() const { return output_; }

 private:
  std::optional<std::string> Marker(std::string_view marker) {
    const char sign = !marker.empty() && (marker[0] == '#' || marker[0] == '/') ? marker[0] : '\0';
    const std::string_view name = sign == '\0' ? marker : marker.substr(1);
    const auto position = positions_.find(name);
    if (position == positions_.end()) {
      return absl::StrCat(
          "uses {{", std::string(marker.substr(0, 80)),
          "}}; only {{name}} and {{#name}}…{{/name}} of declared parameters are markers");
    }
    if (sign == '#' && open_.size() >= kMaxDepth) return "nests sections deeper than 8";
    if (sign == '#') open_.emplace_back(name);
    if (sign == '/') {
      if (open_.empty() || open_.back() != name) {
        return absl::StrCat("closes {{/", std::string(name),
                            "}} where it is not the innermost open section");
      }
      open_.pop_back();
    }
    output_.append("{{");
    if (sign != '\0') output_.append(1, sign);
    // A section is named apart from its value: ctemplate would otherwise show a
    // value's section once for every dictionary of that name.
    if (sign != '\0') output_.append("S");
    absl::StrAppend(&output_, PositionName(position->second), "}}");
    return std::nullopt;
  }

  static constexpr std::size_t kMaxDepth = 8;
  const Positions& positions_;
  std::vector<std::string> open_;
  std::string output_;
};

// Takes at most so many bytes; ctemplate cannot be stopped, but not believed.
class BoundedEmitter final : public ctemplate::ExpandEmitter {
 public:
  explicit BoundedEmitter(std::size_t limit) : limit_(limit) {}
  void Emit(char c) override { Emit(&c, 1); }
  void Emit(const std::string& s) override { Emit(s.data(), s.size()); }
  void Emit(const char* s) override { Emit(s, std::char_traits<char>::length(s)); }
  void Emit(const char* s, size_t length) override {
    if (overflow_ || output_.size() + length > limit_) {
      overflow_ = true;
      return;
    }
    output_.append(s, length);
  }
  bool overflow() const { return overflow_; }
  std::string Take() { return std::move(output_); }

 private:
  std::size_t limit_;
  bool overflow_ = false;
  std::string output_;
};

// A value as the name of an element: ctemplate lets that pass.
bool NamesAnElement(std::string_view html) {
  for (std::size_t i = html.find("{{"); i != std::string_view::npos; i = html.find("{{", i + 2)) {
    const std::string_view before = html.substr(0, i);
    const auto ends_with = [&](std::string_view end) {
      return before.size() >= end.size() && before.substr(before.size() - end.size()) == end;
    };
    if (ends_with("<") || ends_with("</")) return true;
  }
  return false;
}

// One parsed part. Its cache is its own and dies with it.
class Engine {
 public:
  // False when ctemplate cannot make sense of it, e.g. of a gap in a place of
  // the HTML for which there is no escaping.
  bool Load(const std::string& translated, Part part) {
    std::string source;
    if (part == Part::kHtml) source = "{{%AUTOESCAPE context=\"HTML\"}}";
    source += translated;
    return cache_.StringToTemplateCache(kKey, source, ctemplate::DO_NOT_STRIP);
  }

  bool Expand(const ctemplate::TemplateDictionary& values, ctemplate::ExpandEmitter* emitter) {
    return cache_.ExpandWithData(kKey, ctemplate::DO_NOT_STRIP, &values, nullptr, emitter);
  }

 private:
  static constexpr char kKey[] = "part";
  ctemplate::TemplateCache cache_;
};

absl::Status Invalid(std::string_view field, std::string_view what) {
  absl::Status status = error::Make(absl::StatusCode::kInvalidArgument, "TEMPLATE_INVALID",
                                    absl::StrCat(std::string(field), " ", std::string(what)));
  error::AddFieldViolation(status, field, what);
  return status;
}

absl::Status CheckPart(const Positions& positions, const std::string& text, Part part,
                       const std::string& field) {
  Translator translator(positions);
  if (auto fault = translator.Translate(text)) return Invalid(field, *fault);
  Engine engine;
  const bool names_element = part == Part::kHtml && NamesAnElement(text);
  if (names_element || !engine.Load(translator.output(), part)) {
    return Invalid(field,
                   "has a marker where no value can be made safe; put values into text or "
                   "quoted attributes");
  }
  return absl::OkStatus();
}

absl::Status CheckDeclarations(const TemplateVersion& version, const std::string& field) {
  std::set<std::string> ids;
  for (int i = 0; i < version.parameters_size(); ++i) {
    if (!ids.insert(version.parameters(i).id()).second) {
      return Invalid(absl::StrCat(field, ".parameters[", i, "].id"), "is declared twice");
    }
  }
  std::set<std::string> locales;
  for (int i = 0; i < version.texts_size(); ++i) {
    if (!locales.insert(version.texts(i).locale()).second) {
      return Invalid(absl::StrCat(field, ".texts[", i, "].locale"), "is there twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckText(const TemplateVersion& version, const Positions& positions,
                       const TemplateText& text, const std::string& field) {
  if (!IsOneLine(text.subject())) return Invalid(field + ".subject", "must be one line");
  if (!IsPlainText(text.text_body())) {
    return Invalid(field + ".text_body", "must be text without control characters");
  }
  if (!IsPlainText(text.html_body())) {
    return Invalid(field + ".html_body", "must be text without control characters");
  }
  for (const TemplateParameter& parameter : version.parameters()) {
    if (parameter.type() == TemplateParameter::TEXT &&
        text.subject().find("{{" + parameter.id() + "}}") != std::string::npos) {
      return Invalid(field + ".subject",
                     "uses a parameter of type TEXT, which may have several lines");
    }
  }
  absl::Status status = CheckPart(positions, text.subject(), Part::kSubject, field + ".subject");
  if (status.ok()) {
    status = CheckPart(positions, text.text_body(), Part::kText, field + ".text_body");
  }
  if (status.ok() && !text.html_body().empty()) {
    status = CheckPart(positions, text.html_body(), Part::kHtml, field + ".html_body");
  }
  return status;
}

void Fill(const TemplateVersion& version, const ParameterValues& values, const std::string& locale,
          ctemplate::TemplateDictionary* dictionary) {
  for (int i = 0; i < version.parameters_size(); ++i) {
    const auto value = values.find(version.parameters(i).id());
    if (value == values.end() || value->second.empty()) continue;
    const std::string name = PositionName(static_cast<std::size_t>(i));
    const std::string shown = ShowParameter(version.parameters(i).type(), value->second, locale);
    dictionary->SetValue(name, shown);
    dictionary->ShowSection("S" + name);
  }
}

absl::StatusOr<std::string> RenderPart(const Positions& positions, const std::string& text,
                                       Part part, std::size_t limit,
                                       const ctemplate::TemplateDictionary& values) {
  Translator translator(positions);
  Engine engine;
  BoundedEmitter emitter(limit);
  if (translator.Translate(text) || !engine.Load(translator.output(), part) ||
      !engine.Expand(values, &emitter)) {
    return error::Internal("a stored template version cannot be rendered");
  }
  if (emitter.overflow()) {
    return error::Make(absl::StatusCode::kInvalidArgument, "CONTENT_TOO_LARGE",
                       absl::StrCat("a part of the message would be larger than ", limit,
                                    " bytes; shorten the parameters"));
  }
  return emitter.Take();
}

}  // namespace

absl::Status CheckTemplateVersion(const TemplateVersion& version, std::string_view field) {
  const std::string prefix(field);
  absl::Status status = CheckDeclarations(version, prefix);
  const Positions positions = PositionsOf(version);
  for (int i = 0; status.ok() && i < version.texts_size(); ++i) {
    status =
        CheckText(version, positions, version.texts(i), absl::StrCat(prefix, ".texts[", i, "]"));
  }
  return status;
}

const TemplateText& TextFor(const TemplateVersion& version, std::string_view locale) {
  for (const TemplateText& text : version.texts()) {
    if (text.locale() == locale) return text;
  }
  for (const TemplateText& text : version.texts()) {
    if (!locale.empty() && text.locale() == locale.substr(0, 2)) return text;
  }
  return version.texts(0);
}

absl::StatusOr<Rendered> Render(const TemplateVersion& version, const ParameterValues& values,
                                std::string_view locale) {
  constexpr std::size_t kMaxSubject = 998;  // RFC 5322 2.1.1
  const TemplateText& text = TextFor(version, locale);
  const Positions positions = PositionsOf(version);
  ctemplate::TemplateDictionary dictionary("parameters");
  Fill(version, values, text.locale(), &dictionary);
  Rendered result;
  result.locale = text.locale();
  auto subject = RenderPart(positions, text.subject(), Part::kSubject, kMaxSubject, dictionary);
  if (!subject.ok()) return subject.status();
  auto body = RenderPart(positions, text.text_body(), Part::kText, kMaxRenderedBytes, dictionary);
  if (!body.ok()) return body.status();
  result.content.set_subject(*std::move(subject));
  result.content.set_text_body(*std::move(body));
  if (text.html_body().empty()) return result;
  auto html = RenderPart(positions, text.html_body(), Part::kHtml, kMaxRenderedBytes, dictionary);
  if (!html.ok()) return html.status();
  result.content.set_html_body(*std::move(html));
  return result;
}

}  // namespace sockel::notification
