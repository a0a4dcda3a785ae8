#include "common/rpc/runtime/evidence.h"

#include <utility>

#include "common/events/event_store.h"
#include "common/events/events.h"
#include "common/ledger/ledger.h"

namespace sockel::rpc {
namespace {

ledger::SequencerWorker::Options SequencerOptions(const log::Logger& log) {
  ledger::SequencerWorker::Options options;
  options.on_failure = [log](const absl::Status& status) {
    log.Warning("ledger: entries could not be integrated",
                {{"error", error::LogMessageOf(status)}});
  };
  return options;
}

}  // namespace

Evidence::Evidence(const Parts& parts, const std::string& service, ledger::SigningKey key,
                   absl::Duration events_keep)
    : key_(std::move(key)),
      sequencer_(parts.database, service, key_, parts.clock),
      sequencer_worker_(sequencer_, parts.metrics, SequencerOptions(parts.log)),
      audit_(parts.database, service, key_, parts.tokens),
      audit_door_(parts.dispatcher, audit_),
      announcer_(parts.database),
      purger_(parts.database, parts.clock, events_keep),
      watches_(parts.database, hub_, parts.clock, service, {}),
      event_door_(parts.dispatcher, watches_),
      subscription_(parts.listener.Subscribe(
          events::kChannel, [this](std::string_view tenant) { hub_.Announce(tenant); })) {}

void Evidence::OnSignal(std::string_view topic, std::string_view tenant) {
  if (topic == ledger::kSignalTopic) {
    sequencer_worker_.Wake();
  } else if (topic == events::kSignalTopic) {
    hub_.Announce(tenant);
    announcer_.Announce(std::string(tenant));
  }
}

}  // namespace sockel::rpc
