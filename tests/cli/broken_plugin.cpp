#include <castore/registry.hpp>
#include <cstdlib>
#include <stdexcept>

extern "C" void castore_register(castore::Registry&) {
  if (std::getenv("ODD") != nullptr) throw 42;
  throw std::runtime_error("the configuration is missing");
}
