#pragma once

/// \file
/// JSON text to JSON text, number for number: a DOM would round what does not fit a double.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace castore::cli {

/// Appends `json` over several lines, indented by two spaces, for people to read: what would steer
/// a terminal is escaped. \pre `json` is valid JSON
void append_pretty_json(std::string& out, std::string_view json);

/// A JSON object that grows by merge patches (RFC 7396). Members keep the order they came in.
class MergedObject {
 public:
  MergedObject() = default;

  /// \pre `patch` is valid JSON, and an object
  void apply(std::string_view patch);
  void append_to(std::string& out) const;

 private:
  /// An object, which a later patch can reach into, or the text of anything else.
  struct Value {
    std::string text;
    std::unique_ptr<MergedObject> object;
  };

  void set(std::string_view name, std::string_view patch);
  void erase(std::string_view name);

  std::vector<std::pair<std::string, Value>> members_;  ///< by the name as a JSON string
};

/// \pre `json` is valid JSON
[[nodiscard]] bool is_json_object(std::string_view json);

}  // namespace castore::cli
