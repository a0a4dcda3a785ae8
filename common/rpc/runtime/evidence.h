#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "common/events/announcer.h"
#include "common/events/event_service.h"
#include "common/events/purger.h"
#include "common/events/wake_hub.h"
#include "common/events/watches.h"
#include "common/ledger/audit_service.h"
#include "common/ledger/sequencer_worker.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/paging/paging.h"
#include "common/pg/database.h"
#include "common/pg/listener.h"
#include "common/rpc/dispatcher.h"

namespace sockel::rpc {

// What every service has besides its own doors: the verifiable log and the
// events, with the work behind them. Works from construction to destruction.
class Evidence {
 public:
  struct Parts {
    pg::Database& database;
    pg::Listener& listener;
    const Dispatcher& dispatcher;
    metrics::Registry& metrics;
    const Clock& clock;
    const paging::Tokens& tokens;
    const log::Logger& log;
  };

  Evidence(const Parts& parts, const std::string& service, ledger::SigningKey key,
           absl::Duration events_keep);

  std::vector<grpc::Service*> services() { return {&audit_door_, &event_door_}; }

  // From pg::Observer: a transaction committed something for us.
  void OnSignal(std::string_view topic, std::string_view tenant);

 private:
  const ledger::SigningKey key_;
  ledger::Sequencer sequencer_;
  ledger::SequencerWorker sequencer_worker_;
  ledger::Audit audit_;
  ledger::AuditDoor audit_door_;
  events::WakeHub hub_;
  events::Announcer announcer_;
  events::Purger purger_;
  events::Watches watches_;
  events::EventDoor event_door_;
  pg::Listener::Subscription subscription_;
};

}  // namespace sockel::rpc
