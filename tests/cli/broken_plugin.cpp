#include <castore/registry.hpp>
#include <stdexcept>

extern "C" void castore_register(castore::Registry&) {
  throw std::runtime_error("the configuration is missing");
}
