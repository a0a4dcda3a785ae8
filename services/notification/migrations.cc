#include "services/notification/migrations.h"

#include "common/embed/embedded_file.h"

namespace sockel::notification {

absl::Span<const EmbeddedFile> MigrationFiles();  // embedded by CMake

std::vector<pg::Migration> OwnMigrations() {
  return pg::MigrationsFrom("notification", MigrationFiles());
}

}  // namespace sockel::notification
