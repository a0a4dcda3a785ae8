#include "sockel/catalog/v1/order.grpc.pb.h"
#include "tools/sockel/commands.h"
#include "tools/sockel/input.h"
#include "tools/sockel/polling.h"

namespace sockel::cli {
namespace {

using catalog::v1::Order;
using catalog::v1::OrderService;
using catalog::v1::SubscriptionService;

struct Options {
  std::string file;
  std::string order;
  std::string reason;
  std::string subscription;
  bool wait = false;
  int wait_seconds = 120;
};

bool IsFinal(const Order& order) {
  return order.state() == Order::COMPLETED || order.state() == Order::REJECTED ||
         order.state() == Order::FAILED;
}

absl::StatusOr<Order> Fetch(Session& session, const std::string& name) {
  catalog::v1::GetOrderRequest request;
  request.set_name(name);
  return session.Call<OrderService>(&OrderService::Stub::GetOrder, request);
}

// Shows the order; with --wait once it is decided and set up. An order that
// came to nothing is a failure.
absl::Status ShowWhenDone(Session& session, const Options& options, absl::StatusOr<Order> order) {
  if (order.ok() && options.wait && !IsFinal(*order)) {
    const std::string name = order->name();
    order = Poll<Order>(
        absl::Seconds(options.wait_seconds), [&] { return Fetch(session, name); }, IsFinal,
        "ask again later, or wait longer with --wait-seconds");
  }
  if (!order.ok()) return order.status();
  session.Show(*order).IgnoreError();
  if (options.wait && order->state() != Order::COMPLETED) {
    return absl::FailedPreconditionError("the order came to nothing: " +
                                         Order::State_Name(order->state()));
  }
  return absl::OkStatus();
}

absl::Status Create(Session& session, const Options& options) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  absl::StatusOr<YAML::Node> node = ReadYaml(options.file);
  if (!node.ok()) return node.status();
  catalog::v1::CreateOrderRequest request;
  request.set_parent(*tenant);
  if (absl::Status status = Fill(*node, *request.mutable_order()); !status.ok()) return status;
  return ShowWhenDone(session, options,
                      session.Call<OrderService>(&OrderService::Stub::CreateOrder, request));
}

absl::Status List(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  catalog::v1::ListOrdersRequest request;
  request.set_parent(*tenant);
  auto response = session.List<OrderService>(&OrderService::Stub::ListOrders, request);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "orders",
                          {{"ID", "name|id"},
                           {"STATE", "state"},
                           {"PLAN", "plan"},
                           {"CREATED", "create_time"},
                           {"REQUESTER", "requester"}});
}

absl::Status Get(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("orders", options.order);
  return name.ok() ? ShowWhenDone(session, options, Fetch(session, *name)) : name.status();
}

// Approve and Reject.
template <typename Request>
absl::Status Decide(Session& session, const Options& options,
                    grpc::Status (OrderService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Order*)) {
  absl::StatusOr<std::string> name = session.Name("orders", options.order);
  if (!name.ok()) return name.status();
  Request request;
  request.set_name(*name);
  request.set_reason(options.reason);
  return ShowWhenDone(session, options, session.Call<OrderService>(method, request));
}

absl::Status ListSubscriptions(Session& session) {
  absl::StatusOr<std::string> tenant = session.Tenant();
  if (!tenant.ok()) return tenant.status();
  catalog::v1::ListSubscriptionsRequest request;
  request.set_parent(*tenant);
  auto response =
      session.List<SubscriptionService>(&SubscriptionService::Stub::ListSubscriptions, request);
  if (!response.ok()) return response.status();
  return session.ShowList(*response, "subscriptions",
                          {{"ID", "name|id"},
                           {"STATE", "state"},
                           {"BENEFICIARY", "beneficiary"},
                           {"PLAN", "plan"},
                           {"SINCE", "create_time"}});
}

absl::Status GetSubscription(Session& session, const Options& options) {
  absl::StatusOr<std::string> name = session.Name("subscriptions", options.subscription);
  if (!name.ok()) return name.status();
  catalog::v1::GetSubscriptionRequest request;
  request.set_name(*name);
  auto subscription =
      session.Call<SubscriptionService>(&SubscriptionService::Stub::GetSubscription, request);
  return subscription.ok() ? session.Show(*subscription) : subscription.status();
}

void AddWait(CLI::App& command, Options& options) {
  command.add_flag("--wait", options.wait, "Wait until it is decided and set up");
  command.add_option("--wait-seconds", options.wait_seconds, "Longest wait")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void AddSubscriptionCommands(Commands& commands, const std::shared_ptr<Options>& options) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("subscriptions", "What a tenant has");
  commands.Add(group, "list", "List subscriptions", "sockel subscriptions list",
               [&session] { return ListSubscriptions(session); });
  commands
      .Add(group, "get", "Show a subscription", "sockel subscriptions get 0190…",
           [&session, options] { return GetSubscription(session, *options); })
      .add_option("subscription", options->subscription, "Id or name")
      ->required();
}

}  // namespace

void AddOrderCommands(Commands& commands) {
  Session& session = commands.session();
  CLI::App& group = commands.Group("orders", "Ordering and approving");
  auto options = std::make_shared<Options>();
  const auto add_order = [&](CLI::App& command) {
    command.add_option("order", options->order, "Id or name of the order")->required();
  };
  CLI::App& create = commands.Add(
      group, "create", "Order a plan, from a YAML file",
      "sockel orders create -f order.yaml   # plan: offerings/efile/plans/standard, parameters: …",
      [&session, options] { return Create(session, *options); });
  create.add_option("-f,--file", options->file, "YAML file; - = standard input")->required();
  AddWait(create, *options);
  commands.Add(group, "list", "List orders, newest first (-t - = of all tenants)",
               "sockel -t - orders list", [&session] { return List(session); });
  CLI::App& get = commands.Add(group, "get", "Show an order", "sockel orders get 0190… --wait",
                               [&session, options] { return Get(session, *options); });
  add_order(get);
  AddWait(get, *options);
  CLI::App& approve = commands.Add(
      group, "approve", "Approve somebody else's order", "sockel orders approve 0190… --wait",
      [&session, options] { return Decide(session, *options, &OrderService::Stub::ApproveOrder); });
  add_order(approve);
  approve.add_option("--reason", options->reason, "For the record");
  AddWait(approve, *options);
  CLI::App& reject = commands.Add(
      group, "reject", "Reject an order", "sockel orders reject 0190… --reason \"no budget\"",
      [&session, options] { return Decide(session, *options, &OrderService::Stub::RejectOrder); });
  add_order(reject);
  reject.add_option("--reason", options->reason, "The requester reads it")->required();
  AddSubscriptionCommands(commands, options);
}

}  // namespace sockel::cli
