#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "services/catalog/provisioning/provisioners.h"

namespace sockel::catalog {

// Services as the test wants them: what they know, and what they answer.
class FakeProvisioners final : public Provisioners {
 public:
  bool Has(const std::string& service) const override { return service != missing; }

  Answer Provision(const Caller& caller, const std::string& service,
                   const provisioner::v1::ProvisionRequest& request) override {
    Answer answer = Reply(caller, "provision " + service, request.tenant_code(), Done(service));
    absl::MutexLock lock(&mutex_);
    if (answer.ok()) known.insert(service);
    if (lost_answers.erase(service) != 0) return absl::UnavailableError("connection reset");
    return answer;
  }
  Answer GetOperation(const Caller& caller, const std::string& service,
                      const std::string&) override {
    const bool knows = Knows(service);
    return Reply(caller, "query " + service, "",
                 knows ? Done(service) : Answer(absl::NotFoundError("never heard of it")));
  }
  Answer Deprovision(const Caller& caller, const std::string& service,
                     const std::string&) override {
    Answer answer = Reply(caller, "deprovision " + service, "", Done(service));
    absl::MutexLock lock(&mutex_);
    if (answer.ok()) known.erase(service);
    return answer;
  }
  absl::Status Invite(const Caller& caller, const std::string& admin) override {
    return Reply(caller, "invite " + admin, "", provisioner::v1::Operation()).ok()
               ? invitation
               : absl::InternalError("?");
  }

  // Before the workers run, and after.
  std::string missing;                 // not configured
  std::set<std::string> lost_answers;  // the next one is, and it worked
  absl::Status invitation;
  std::map<std::string, std::vector<Answer>> once;  // `query efile` → answers, in order
  std::map<std::string, Answer> always;             // after these
  std::set<std::string> known;
  std::vector<std::string> calls;
  std::set<std::string> trace_ids;  // of all calls
  // Called first; the tenant is known of `provision` only.
  std::function<void(const std::string& call, const std::string& tenant)> on_call;

 private:
  static Answer Done(const std::string& service) {
    provisioner::v1::Operation operation;
    operation.set_state(provisioner::v1::Operation::SUCCEEDED);
    if (service == "identity") (*operation.mutable_outputs())["admin"] = "tenants/smf/users/7";
    return operation;
  }
  bool Knows(const std::string& service) {
    absl::MutexLock lock(&mutex_);
    return known.contains(service);
  }
  Answer Reply(const Caller& caller, const std::string& call, const std::string& tenant,
               Answer standard) {
    if (on_call) on_call(call, tenant);
    absl::MutexLock lock(&mutex_);
    calls.push_back(call);
    trace_ids.insert(caller.trace_id);
    if (std::vector<Answer>& next = once[call]; !next.empty()) {
      Answer answer = next.front();
      next.erase(next.begin());
      return answer;
    }
    const auto found = always.find(call);
    return found == always.end() ? standard : found->second;
  }

  absl::Mutex mutex_;
};

}  // namespace sockel::catalog
