#pragma once

#include <cstddef>
#include <vector>

#include "services/notification/deliveries/delivery_store.h"

namespace sockel::notification {

// Puts what was claimed together into the order to work on it: emergencies
// before all else; in each of the two the first of every tenant, then the
// second of every tenant; of one tenant by priority and age. Which tenant is
// the first of a turn changes with `round`: what a slow relay leaves no time
// for is then not always the same tenant's.
void TakeTurns(std::vector<delivery_store::Claimed>& claimed, std::size_t round);

}  // namespace sockel::notification
