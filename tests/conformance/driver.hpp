#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace conformance {

enum class AdapterKind { sqlite, in_memory };

/// The event stores of one scenario, empty at first, and what a scenario can ask of them, by the
/// typed public API. On SQLite they live in files of their own, which go with this object.
class Driver {
 public:
  /// \param shared_adapter  one adapter object for all stores, instead of one each on one database
  explicit Driver(AdapterKind kind, bool shared_adapter = false);

  Driver& operator=(Driver&&) = delete;
  ~Driver();

  /// The operations that `execute` knows: "pushEvent", …
  [[nodiscard]] static std::vector<std::string_view> operations();

  /// Answers `{"result":…}`, `{"error":{"kind","message",…}}` or `{"unsupported":true}`; the last
  /// for what the API cannot express. Throws nothing. Of an error that is not castore's nor the
  /// domain's, the kind is "Other".
  [[nodiscard]] nlohmann::json execute(std::string_view operation, const nlohmann::json& args);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace conformance
