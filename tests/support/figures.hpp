#pragma once

/// \file
/// Figures that a test has measured or counted: `CASTORE_TEST_FIGURES=1 ctest -V …`.

#include <cstdlib>

namespace castore::testing {

inline bool figures_wanted() { return std::getenv("CASTORE_TEST_FIGURES") != nullptr; }

/// A number from the environment, where it is one above 0.
inline int number_from_environment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  const int number = text == nullptr ? 0 : std::atoi(text);
  return number > 0 ? number : otherwise;
}

}  // namespace castore::testing
