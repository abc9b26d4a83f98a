#include "os/plugin.hpp"

#include <castore/error.hpp>
#include <filesystem>

#include "errors.hpp"

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace castore::cli {
namespace {

using Register = void (*)(Registry&);

constexpr auto entry_point = "castore_register";

[[noreturn]] void fail(const std::string& file, const std::string& reason) {
  throw Error(ErrorCode::plugin, "Plugin " + file + ": " + reason, {{"plugin", file}});
}

#ifdef _WIN32

Register find_register(const std::string& file) {
  const std::filesystem::path path = std::filesystem::absolute(file);
  const HMODULE library = LoadLibraryW(path.c_str());
  if (library == nullptr) {
    fail(file, "cannot be loaded: error " + std::to_string(GetLastError()));
  }
  return reinterpret_cast<Register>(reinterpret_cast<void*>(GetProcAddress(library, entry_point)));
}

#else

Register find_register(const std::string& file) {
  // Absolute, so that "libpokemons.so" is the file here, not one of the system's folders.
  const std::string path = std::filesystem::absolute(file).string();
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(file, std::string("cannot be loaded: ") + dlerror());
  return reinterpret_cast<Register>(dlsym(library, entry_point));
}

#endif

}  // namespace

void load_plugin(const std::string& file, Registry& registry) {
  const Register add_event_stores = find_register(file);
  if (add_event_stores == nullptr) {
    fail(file,
         std::string("has no function extern \"C\" void ") + entry_point + "(castore::Registry&)");
  }
  try {
    add_event_stores(registry);
  } catch (const InvalidSchemaError& error) {
    throw Error(error.code(), "Plugin " + file + ": " + error.what(), {{"plugin", file}});
  } catch (...) {
    throw plugin_error("Plugin " + file + ": " + entry_point + " failed", {{"plugin", file}});
  }
}

}  // namespace castore::cli
