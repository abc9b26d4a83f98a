#pragma once

#include <exception>
#include <string>

namespace castore {

/// The `what()` of an exception, for a message about it. The application's own may have none. \pre
/// not null
[[nodiscard]] inline std::string text_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    if (const char* const text = e.what(); text != nullptr) return text;
  } catch (...) {
    // says nothing
  }
  return "an exception of unknown type";
}

/// Called in a catch clause.
[[nodiscard]] inline std::string text_of_current_exception() {
  return text_of(std::current_exception());
}

}  // namespace castore
