#pragma once

#include <exception>
#include <new>
#include <string>

namespace castore {

/// Returns the `what()` of an exception, for a message about it. The application's own may have
/// none. \pre not null
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

/// Returns the same of what was caught, for an error about what was being done. Called in a catch
/// clause.
/// \throws std::bad_alloc  that was caught: short memory says nothing about what was being done
[[nodiscard]] inline std::string text_of_current_exception() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (...) {
    return text_of(std::current_exception());
  }
}

}  // namespace castore
