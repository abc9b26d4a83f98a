#pragma once

#include <string_view>

namespace castore {

/// Of the library, by semantic versioning. CMake reads it from here.
inline constexpr std::string_view library_version = "0.1.0";

}  // namespace castore
