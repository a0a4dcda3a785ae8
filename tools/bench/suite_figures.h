#pragma once

#include "absl/status/statusor.h"
#include "tools/bench/load.h"
#include "tools/bench/suite_client.h"

// Calls to the running suite, as an application makes them.
namespace sockel::bench {

StartCall WhoAmICalls(const SuiteOptions& options, const BenchTenant& tenant, size_t channels);

// Reads `count` dossiers, made first, over and over.
absl::StatusOr<StartCall> GetDossierCalls(const SuiteOptions& options, const BenchTenant& tenant,
                                          size_t channels, int count);

// Each with a request_id of its own.
StartCall CreateDossierCalls(const SuiteOptions& options, const BenchTenant& tenant,
                             size_t channels);

}  // namespace sockel::bench
