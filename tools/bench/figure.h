#pragma once

#include <string>
#include <vector>

namespace sockel::bench {

// One measured figure against what the machine can do in the same run.
struct Figure {
  std::string name;
  double value = 0;
  std::string unit;  // `calls/s`, `ms`
  double limit = 0;  // what the machine can do, 0 = the figure is itself a limit
  double bar = 0;    // wanted: ratio at least this (or at most, see `at_most`)
  bool at_most = false;
  std::string note;  // p99, concurrency …

  double ratio() const { return limit > 0 ? value / limit : 0; }
  bool met() const { return bar == 0 || (at_most ? ratio() <= bar : ratio() >= bar); }
};

// One JSON object a line on stdout, flushed.
void PrintJson(const Figure& figure);
// A table on stderr, for people.
void PrintTable(const std::vector<Figure>& figures);

}  // namespace sockel::bench
