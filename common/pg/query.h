#pragma once

#include <string_view>

namespace sockel::pg {

// A statement. Always a constant in a *_store.cc; `name` is the prepared
// statement's name, the metric label and what the log says. Parameters $1…$n.
struct Query {
  std::string_view name;
  std::string_view sql;
};

}  // namespace sockel::pg
