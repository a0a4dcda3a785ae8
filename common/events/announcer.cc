#include "common/events/announcer.h"

#include <utility>
#include <vector>

#include "common/events/event_store.h"

namespace sockel::events {

Announcer::Announcer(pg::Database& database, absl::Duration spacing)
    : database_(database), spacing_(spacing), thread_([this] { Run(); }) {}

Announcer::~Announcer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void Announcer::Announce(std::string tenant) {
  absl::MutexLock lock(&mutex_);
  tenants_.insert(std::move(tenant));
}

void Announcer::Run() {
  while (true) {
    std::set<std::string> tenants;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &Announcer::HasWork));
      if (stopping_) return;
      tenants.swap(tenants_);
    }
    // A failure is not repeated: watchers also look by themselves.
    database_
        .Read(Caller::System("*"), "events.notify",
              [&](pg::Transaction& tx) {
                Notify(tx, {tenants.begin(), tenants.end()});
                return absl::OkStatus();
              })
        .IgnoreError();
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), spacing_);
  }
}

}  // namespace sockel::events
