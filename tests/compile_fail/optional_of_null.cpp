// expect: an optional (or a pointer) of something that can be null itself
#include <castore/json/values.hpp>
#include <optional>
#include <string>
#include <vector>

struct Trained {
  std::vector<std::optional<castore::RawJson>> moves;
  static constexpr auto fields = castore::fields("moves", &Trained::moves);
};

std::string write(const Trained& trained) { return castore::write_json(trained); }
