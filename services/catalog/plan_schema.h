#pragma once

#include <nlohmann/json_fwd.hpp>
#include <valijson/schema.hpp>

namespace sockel::catalog {

// Reads a plan's JSON Schema (draft 7) for valijson, which is no match for an
// ill-meant or careless one. Throws std::exception that says what is wrong:
//
// - `$ref`: valijson follows circular ones until the stack is full;
// - `patternProperties`: matched with std::regex, whose time can grow
//   exponentially with the text;
// - `pattern` that is not in RE2's syntax; the others are matched with RE2, in
//   linear time;
// - `multipleOf` that is not positive: it would divide by zero.
//
// `format` is for texts only, as the standard says.
void ReadPlanSchema(nlohmann::json document, valijson::Schema& schema);

}  // namespace sockel::catalog
