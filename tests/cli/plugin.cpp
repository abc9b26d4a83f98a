#include <castore/registry.hpp>
#include <memory>
#include <optional>
#include <pokemon/pokemon.hpp>
#include <string>
#include <string_view>

extern "C" void castore_register(castore::Registry& registry) {
  registry.add(pokemon::make_pokemons());
  registry.add(castore::CommandDescription{
      .command_id = "ECHO",
      .run = [](std::string_view input, const std::shared_ptr<castore::EventStorageAdapter>&) {
        return std::optional<std::string>(input);
      }});
}
