#pragma once

#include <castore/registry.hpp>
#include <string>

namespace castore::cli {

/// Loads a shared library and lets its `extern "C" void castore_register(castore::Registry&)` add
/// event stores. It stays loaded until the process ends: reducers and exceptions live in it.
/// \throws Error  `ErrorCode::plugin`
void load_plugin(const std::string& file, Registry& registry);

}  // namespace castore::cli
