#include "services/notification/deliveries/turns.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace sockel::notification {
namespace {

using delivery_store::Claimed;

struct Place {
  bool ordinary = false;
  int turn = 0;
  std::size_t seat = 0;  // of the tenant within a turn
  Claimed delivery;
};

// Tenants by name, beginning with another one each round.
std::map<std::string, std::size_t> Seats(const std::vector<Claimed>& claimed, std::size_t round) {
  std::map<std::string, std::size_t> seats;
  for (const Claimed& delivery : claimed) seats[delivery.tenant] = 0;
  std::size_t number = round;
  for (auto& [tenant, seat] : seats) seat = number++ % seats.size();
  return seats;
}

}  // namespace

void TakeTurns(std::vector<Claimed>& claimed, std::size_t round) {
  std::sort(claimed.begin(), claimed.end(), [](const Claimed& a, const Claimed& b) {
    return std::tie(a.priority, a.delivery_id) < std::tie(b.priority, b.delivery_id);
  });
  const std::map<std::string, std::size_t> seats = Seats(claimed, round);
  std::map<std::pair<bool, std::string>, int> turns;
  std::vector<Place> places;
  for (Claimed& delivery : claimed) {
    const bool ordinary = delivery.priority != v1::Message::EMERGENCY;
    const int turn = ++turns[{ordinary, delivery.tenant}];
    const std::size_t seat = seats.at(delivery.tenant);
    places.push_back({ordinary, turn, seat, std::move(delivery)});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.ordinary, a.turn, a.seat) < std::tie(b.ordinary, b.turn, b.seat);
  });
  claimed.clear();
  for (Place& place : places) claimed.push_back(std::move(place.delivery));
}

}  // namespace sockel::notification
