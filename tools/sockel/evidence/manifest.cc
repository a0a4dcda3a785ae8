#include "tools/sockel/evidence/manifest.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "tools/sockel/json_text.h"
#include "tools/sockel/render.h"

namespace sockel::cli {
namespace {

using nlohmann::json;

constexpr char kFormat[] = "sockel-evidence-1";

json Tree(const google::protobuf::Message& message) { return json::parse(RenderJson(message)); }

bool Read(const json& tree, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // of a later version
  return google::protobuf::util::JsonStringToMessage(tree.dump(), &message, options).ok();
}

}  // namespace

std::string ToJson(const Manifest& manifest) {
  json tree = {{"format", kFormat}, {"dossier", Tree(manifest.dossier)}};
  tree["documents"] = json::array();
  for (const ManifestDocument& entry : manifest.documents) {
    tree["documents"].push_back({{"file", entry.file}, {"document", Tree(entry.document)}});
  }
  return tree.dump(2) + "\n";
}

absl::StatusOr<Manifest> ParseManifest(const std::string& text) {
  const json tree = json::parse(text, nullptr, false);
  if (TextAt(tree, "format") != kFormat) {
    return absl::InvalidArgumentError("it is no evidence file of a form this version knows");
  }
  Manifest manifest;
  const absl::Status damaged = absl::InvalidArgumentError("its manifest is damaged");
  const json documents = tree.value("documents", json());
  if (!tree.contains("dossier") || !Read(tree["dossier"], manifest.dossier) ||
      !documents.is_array()) {
    return damaged;
  }
  for (const json& entry : documents) {
    ManifestDocument document;
    if (!entry.is_object() || !entry.contains("document") ||
        !Read(entry["document"], document.document)) {
      return damaged;
    }
    document.file = TextAt(entry, "file");
    manifest.documents.push_back(std::move(document));
  }
  return manifest;
}

}  // namespace sockel::cli
