#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

// Messages as text for people. Pure functions.
namespace sockel::cli {

// One column: a field by its path, `content.size`. With `|id` at the end only
// the last part of a resource name is shown.
struct Column {
  std::string title;
  std::string path;
};

// The value at `path`; empty when it is not set. Times in local time, hashes in
// hexadecimal, sizes as they are, lists separated by commas, of a choice what was
// chosen. Through a list the path leads to its last element: `transitions.reason`.
std::string RenderField(const google::protobuf::Message& message, std::string_view path);

// The repeated field `field` of `response`, one line an element.
std::string RenderTable(const google::protobuf::Message& response, const std::string& field,
                        const std::vector<Column>& columns);

// Every field that is set, one a line, nested ones indented.
std::string RenderMessage(const google::protobuf::Message& message, int indent = 0);

// Protobuf JSON on one line, with the names of the .proto files.
std::string RenderJson(const google::protobuf::Message& message);

// 1536 → `1.5 KiB`.
std::string RenderBytes(double bytes);

}  // namespace sockel::cli
