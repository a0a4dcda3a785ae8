#include "tools/bench/suite_figures.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/client/call.h"
#include "common/ids/ids.h"
#include "sockel/efile/v1/dossier.grpc.pb.h"
#include "sockel/identity/v1/access.grpc.pb.h"

namespace sockel::bench {
namespace {

using efile::v1::CreateDossierRequest;
using efile::v1::Dossier;
using efile::v1::DossierService;
using efile::v1::GetDossierRequest;
using identity::v1::AccessService;
using identity::v1::WhoAmIRequest;
using identity::v1::WhoAmIResponse;

template <typename Service>
auto Stubs(const std::string& target, size_t count) {
  std::vector<std::shared_ptr<typename Service::Stub>> stubs;
  for (const auto& channel : Connections(target, count)) {
    stubs.push_back(Service::NewStub(channel));
  }
  return stubs;
}

CreateDossierRequest NewDossier(const BenchTenant& tenant, size_t number) {
  CreateDossierRequest request;
  request.set_parent(tenant.name);
  request.set_request_id(ids::NewUuidV4());
  request.mutable_dossier()->set_file_plan_entry(
      tenant.file_plan_entries[number % tenant.file_plan_entries.size()]);
  request.mutable_dossier()->set_subject("A subject of usual length");
  return request;
}

absl::StatusOr<std::vector<std::string>> MakeDossiers(const SuiteOptions& options,
                                                      const BenchTenant& tenant, int count) {
  DossierService::Stub stub(Connections(options.efile, 1)[0]);
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    auto dossier =
        client::Unary(stub, &DossierService::Stub::CreateDossier,
                      NewDossier(tenant, static_cast<size_t>(i)), {.bearer = tenant.access_token});
    if (!dossier.ok()) return dossier.status();
    names.push_back(dossier->name());
  }
  return names;
}

}  // namespace

StartCall WhoAmICalls(const SuiteOptions& options, const BenchTenant& tenant, size_t channels) {
  auto stubs = Stubs<AccessService>(options.identity, channels);
  return [stubs, token = tenant.access_token](size_t slot, Done done) {
    auto call = std::make_shared<Call<WhoAmIRequest, WhoAmIResponse>>(token);
    auto& sent = *call;
    stubs[slot % stubs.size()]->async()->WhoAmI(&sent.context, &sent.request, &sent.response,
                                                WhenDone(std::move(call), std::move(done)));
  };
}

absl::StatusOr<StartCall> GetDossierCalls(const SuiteOptions& options, const BenchTenant& tenant,
                                          size_t channels, int count) {
  auto names = MakeDossiers(options, tenant, count);
  if (!names.ok()) return names.status();
  auto stubs = Stubs<DossierService>(options.efile, channels);
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return StartCall([stubs, next, names = *std::move(names), token = tenant.access_token](
                       size_t slot, Done done) {
    auto call = std::make_shared<Call<GetDossierRequest, Dossier>>(token);
    call->request.set_name(names[next->fetch_add(1) % names.size()]);
    auto& sent = *call;
    stubs[slot % stubs.size()]->async()->GetDossier(&sent.context, &sent.request, &sent.response,
                                                    WhenDone(std::move(call), std::move(done)));
  });
}

StartCall CreateDossierCalls(const SuiteOptions& options, const BenchTenant& tenant,
                             size_t channels) {
  auto stubs = Stubs<DossierService>(options.efile, channels);
  auto next = std::make_shared<std::atomic<size_t>>(0);
  return [stubs, next, tenant](size_t slot, Done done) {
    auto call = std::make_shared<Call<CreateDossierRequest, Dossier>>(tenant.access_token);
    call->request = NewDossier(tenant, next->fetch_add(1));
    auto& sent = *call;
    stubs[slot % stubs.size()]->async()->CreateDossier(&sent.context, &sent.request, &sent.response,
                                                       WhenDone(std::move(call), std::move(done)));
  };
}

}  // namespace sockel::bench
