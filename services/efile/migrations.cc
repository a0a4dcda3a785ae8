#include "services/efile/migrations.h"

#include "common/embed/embedded_file.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"

namespace sockel::efile {

absl::Span<const EmbeddedFile> MigrationFiles();

std::vector<pg::Migration> AllMigrations() {
  std::vector<pg::Migration> all;
  for (const auto& part : {pg::CommonMigrations(), ledger::Migrations(), events::Migrations(),
                           pg::MigrationsFrom("efile", MigrationFiles())}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace sockel::efile
