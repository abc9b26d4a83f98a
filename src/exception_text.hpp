#pragma once

#include <exception>
#include <string>

namespace castore {

/// What an exception says, for a message about it. \pre not null
[[nodiscard]] inline std::string text_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    const char* const text = e.what();  // an application's own may have none
    return text != nullptr ? text : "an exception without a text";
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace castore
