#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace castore::cli {

/// Returns those of `names` that `text` may be a misspelling of, the nearest first: at most three.
/// Upper and lower case are the same.
[[nodiscard]] std::vector<std::string> nearest(std::string_view text,
                                               const std::vector<std::string>& names);

/// Returns the end of a message: "; did you mean POKEMONS?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view text,
                                       const std::vector<std::string>& names);

/// Returns the same, but where none is near "; there are POKEMONS, TRAINERS and 7 more", each once.
[[nodiscard]] std::string did_you_mean_or_list(std::string_view text,
                                               const std::vector<std::string>& names);

/// Returns "A", "A or B", "A, B or C".
[[nodiscard]] std::string join(const std::vector<std::string>& names, std::string_view last);

}  // namespace castore::cli
