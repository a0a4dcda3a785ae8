#include "sockel/catalog/v1/offering.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/input.h"

namespace sockel::cli {
namespace {

using catalog::v1::OfferingService;
using Stub = OfferingService::Stub;

struct Options {
  std::string file;
  std::string offering;
};

std::string FullName(const std::string& id) {
  return id.find('/') == std::string::npos ? "offerings/" + id : id;
}

// Takes `key` out of the tree; INVALID_ARGUMENT when it is not there.
absl::StatusOr<std::string> TakeId(YAML::Node& node, const std::string& what) {
  if (!node.IsMap() || !node["id"] || !node["id"].IsScalar()) {
    return absl::InvalidArgumentError(what + " needs an `id`");
  }
  const std::string id = node["id"].Scalar();
  node.remove("id");
  return id;
}

absl::StatusOr<catalog::v1::Plan> CreatePlan(Session& session, const std::string& offering,
                                             YAML::Node node) {
  absl::StatusOr<std::string> id = TakeId(node, "each plan");
  if (!id.ok()) return id.status();
  catalog::v1::CreatePlanRequest request;
  request.set_parent(offering);
  request.set_plan_id(*id);
  if (absl::Status status = Fill(node, *request.mutable_plan()); !status.ok()) return status;
  auto plan = session.Call<OfferingService>(&Stub::CreatePlan, request);
  if (plan.ok()) session.Say("Created " + plan->name());
  return plan;
}

absl::Status Create(Session& session, const Options& options) {
  absl::StatusOr<YAML::Node> node = ReadYaml(options.file);
  if (!node.ok()) return node.status();
  absl::StatusOr<std::string> id = TakeId(*node, "the offering");
  if (!id.ok()) return id.status();
  const YAML::Node plans = YAML::Clone((*node)["plans"]);
  node->remove("plans");
  catalog::v1::CreateOfferingRequest request;
  request.set_offering_id(*id);
  if (absl::Status status = Fill(*node, *request.mutable_offering()); !status.ok()) return status;
  auto offering = session.Call<OfferingService>(&Stub::CreateOffering, request);
  if (!offering.ok()) return offering.status();
  for (const YAML::Node& plan : plans) {
    auto created = CreatePlan(session, offering->name(), YAML::Clone(plan));
    if (!created.ok()) return created.status();
  }
  return session.Show(*offering);
}

absl::Status AddPlan(Session& session, const Options& options) {
  absl::StatusOr<YAML::Node> node = ReadYaml(options.file);
  if (!node.ok()) return node.status();
  auto plan = CreatePlan(session, FullName(options.offering), *node);
  if (!plan.ok()) return plan.status();
  return session.json() ? session.Show(*plan) : absl::OkStatus();
}

absl::Status List(Session& session) {
  auto response =
      session.List<OfferingService>(&Stub::ListOfferings, catalog::v1::ListOfferingsRequest());
  if (!response.ok()) return response.status();
  return session.ShowList(
      *response, "offerings",
      {{"ID", "name|id"}, {"STATE", "state"}, {"KIND", "kind"}, {"TITLE", "title"}});
}

absl::Status Plans(Session& session, const Options& options) {
  catalog::v1::ListPlansRequest request;
  request.set_parent(FullName(options.offering));
  auto response = session.List<OfferingService>(&Stub::ListPlans, request);
  if (!response.ok()) return response.status();
  return session.ShowList(
      *response, "plans",
      {{"NAME", "name"}, {"PRICE A MONTH", "monthly_price"}, {"TITLE", "title"}});
}

absl::Status Get(Session& session, const Options& options) {
  catalog::v1::GetOfferingRequest request;
  request.set_name(FullName(options.offering));
  auto offering = session.Call<OfferingService>(&Stub::GetOffering, request);
  return offering.ok() ? session.Show(*offering) : offering.status();
}

absl::Status Publish(Session& session, const Options& options) {
  catalog::v1::PublishOfferingRequest request;
  request.set_name(FullName(options.offering));
  auto offering = session.Call<OfferingService>(&Stub::PublishOffering, request);
  return offering.ok() ? session.Show(*offering) : offering.status();
}

}  // namespace

void AddOfferingCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("offerings", "What the provider offers, and its plans");
  auto options = std::make_shared<Options>();
  const auto add_offering = [&](CLI::App& command) {
    command.add_option("offering", options->offering, "Id of the offering")->required();
  };
  commands
      .Add(group, "create", "Create an offering and its plans from a YAML file",
           "sockel offerings create -f efile.yaml   # id, title, …, plans: [{id, title, steps, …}]",
           [&session, options] { return Create(session, *options); })
      .add_option("-f,--file", options->file, "YAML file; - = standard input")
      ->required();
  CLI::App& add_plan =
      commands.Add(group, "add-plan", "Add a plan to a draft, from a YAML file",
                   "sockel offerings add-plan efile -f plan.yaml   # id, title, steps, …",
                   [&session, options] { return AddPlan(session, *options); });
  add_offering(add_plan);
  add_plan.add_option("-f,--file", options->file, "YAML file; - = standard input")->required();
  commands.Add(group, "list", "List offerings", "sockel offerings list",
               [&session] { return List(session); });
  add_offering(commands.Add(group, "get", "Show an offering", "sockel offerings get efile",
                            [&session, options] { return Get(session, *options); }));
  add_offering(commands.Add(group, "plans", "List an offering's plans",
                            "sockel offerings plans efile",
                            [&session, options] { return Plans(session, *options); }));
  add_offering(commands.Add(group, "publish", "Make an offering orderable",
                            "sockel offerings publish efile",
                            [&session, options] { return Publish(session, *options); }));
}

}  // namespace sockel::cli
