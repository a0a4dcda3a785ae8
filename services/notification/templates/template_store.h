#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/pg/database.h"
#include "sockel/notification/v1/template.pb.h"

// Templates and versions in PostgreSQL, in the tenant of the transaction.
namespace sockel::notification::template_store {

struct StoredVersion {
  int version = 0;
  v1::TemplateVersion content;  // parameters, texts; no name, no time
  absl::Time create_time;
};

struct StoredTemplate {
  std::string template_id;
  std::string display_name;
  int latest_version = 0;
  absl::Time create_time;
  absl::Time update_time;
};

// With version 1. False when the id is taken.
bool Insert(pg::WriteTransaction& tx, const std::string& template_id,
            const std::string& display_name, const v1::TemplateVersion& content);

// Adds the next version and returns its number; nothing when there is no such
// template. Locks the template's row until the end of the transaction.
std::optional<int> InsertVersion(pg::WriteTransaction& tx, const std::string& template_id,
                                 const v1::TemplateVersion& content);

std::optional<StoredTemplate> Find(pg::Transaction& tx, const std::string& template_id);

// `version` 0 = the latest.
std::optional<StoredVersion> FindVersion(pg::Transaction& tx, const std::string& template_id,
                                         int version);

// By id, after `after`, at most `limit`.
std::vector<StoredTemplate> List(pg::Transaction& tx, const std::string& after, int limit);

}  // namespace sockel::notification::template_store
