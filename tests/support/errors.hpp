#pragma once

#include <castore/error.hpp>
#include <optional>
#include <string_view>

namespace castore::testing {

/// The stable code of the castore::Error that `action` throws, as text; "none" if it throws none.
template <class Action>
std::string_view code_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return to_string(error.code());
  }
  return "none";
}

/// The `E` that `action` throws, if it throws one.
template <class E, class Action>
std::optional<E> thrown(Action&& action) {
  try {
    action();
  } catch (const E& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace castore::testing
