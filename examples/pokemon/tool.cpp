/// \file
/// castore-cli with the pokemons built in: an application's own tool.

#include <castore/cli/run.hpp>
#include <castore/registry.hpp>
#include <pokemon/pokemon.hpp>

int main(int argc, char** argv) {
  castore::Registry registry;
  registry.add(pokemon::make_pokemons());
  registry.add(pokemon::make_trainers());
  return castore::cli::run(argc, argv, registry);
}
