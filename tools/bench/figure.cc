#include "tools/bench/figure.h"

#include <iostream>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"

namespace sockel::bench {

void PrintJson(const Figure& figure) {
  const nlohmann::ordered_json line = {{"name", figure.name},     {"value", figure.value},
                                       {"unit", figure.unit},     {"limit", figure.limit},
                                       {"ratio", figure.ratio()}, {"bar", figure.bar},
                                       {"met", figure.met()},     {"note", figure.note}};
  std::cout << line.dump() << std::endl;
}

void PrintTable(const std::vector<Figure>& figures) {
  std::cerr << absl::StrFormat("\n%-28s %12s %-8s %12s %7s %9s  %s\n", "figure", "value", "unit",
                               "limit", "ratio", "bar", "");
  for (const Figure& figure : figures) {
    if (figure.limit == 0) {
      std::cerr << absl::StrFormat("%-28s %12.1f %-8s %12s %7s %9s  %s\n", figure.name,
                                   figure.value, figure.unit, "", "", "", figure.note);
      continue;
    }
    std::cerr << absl::StrFormat("%-28s %12.1f %-8s %12.1f %7.2f %s%7.2f  %s%s\n", figure.name,
                                 figure.value, figure.unit, figure.limit, figure.ratio(),
                                 figure.at_most ? "<=" : ">=", figure.bar,
                                 figure.met() ? "" : "MISSED  ", figure.note);
  }
}

}  // namespace sockel::bench
