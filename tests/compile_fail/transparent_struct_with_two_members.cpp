// expect: so many members of this struct are missing in its list of fields
// expect: TrainerId, 1
#include <castore/json/values.hpp>
#include <string>

struct TrainerId {
  std::string value;
  int league = 0;
  static constexpr auto fields = castore::transparent(&TrainerId::value);
};

std::string write(const TrainerId& id) { return castore::write_json(id); }
