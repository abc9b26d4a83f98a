/// \file
/// The guide's chapter on validation with JSON Schema. A program of its own, since it needs the
/// component castore::json_schema.

#include <castore/castore.hpp>
#include <castore/json_schema/draft7.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace {

struct PokemonAppeared {
  static constexpr std::string_view type = "POKEMON_APPEARED";
  std::string name;
  int level = 0;

  static std::string_view payload_schema() {
    return R"({
      "type": "object",
      "properties": {
        "name": {"type": "string", "minLength": 1},
        "level": {"type": "integer", "minimum": 1, "maximum": 100}
      },
      "required": ["name", "level"]
    })";
  }

  static constexpr auto fields =
      castore::fields("name", &PokemonAppeared::name, "level", &PokemonAppeared::level);
};

struct Pokemon {
  std::string aggregate_id;
  castore::Version version = 0;
  int level = 0;
};

struct PokemonReducer {
  Pokemon operator()(Pokemon pokemon, const castore::Event<PokemonAppeared>& event) const {
    pokemon.level = event.payload.level;
    return pokemon;
  }
};

using Pokemons = castore::EventStore<Pokemon, PokemonAppeared>;

void check_events(const std::shared_ptr<castore::EventStorageAdapter>& adapter,
                  const std::shared_ptr<castore::JsonSchemaCompiler>& schema_compiler) {
  const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter,
                          {.schema_compiler = schema_compiler});
  try {
    pokemons.push_event(castore::NewEvent<PokemonAppeared>{
        .aggregate_id = "pikachu", .version = 1, .payload = {.name = "", .level = 420}});
  } catch (const castore::SchemaViolationError& e) {
    for (const castore::SchemaViolation& violation : e.violations()) {
      std::cout << e.path() << violation.pointer << ": " << violation.message << '\n';
    }
  }
}

void check_on_read(const std::shared_ptr<castore::EventStorageAdapter>& adapter,
                   const std::shared_ptr<castore::JsonSchemaCompiler>& schema_compiler) {
  adapter->push_event("POKEMONS",
                      {.aggregate_id = "mew",
                       .version = 1,
                       .type = "POKEMON_APPEARED",
                       .payload = R"({"name":"Mew","level":0})"},
                      {});

  const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter,
                          {.schema_compiler = schema_compiler, .validate_on_read = true});
  try {
    static_cast<void>(pokemons.get_aggregate("mew"));
  } catch (const castore::MalformedEventError& e) {
    std::cout << e.what() << '\n';
  }
}

void check_commands(const std::shared_ptr<castore::EventStorageAdapter>& adapter,
                    const std::shared_ptr<castore::JsonSchemaCompiler>& schema_compiler) {
  const Pokemons pokemons("POKEMONS", PokemonReducer{}, adapter,
                          {.schema_compiler = schema_compiler});
  const castore::Command appear(
      "WILD_POKEMON_APPEAR", castore::event_stores(pokemons),
      [](const PokemonAppeared& input, const castore::EventStores<Pokemons>& stores) {
        std::get<0>(stores).push_event(castore::NewEvent<PokemonAppeared>{
            .aggregate_id = input.name, .version = 1, .payload = input});
      },
      {.input_schema = R"({"required": ["name", "level"]})", .schema_compiler = schema_compiler});

  try {
    appear.describe().run(R"({"name":"Eevee"})", adapter);
  } catch (const castore::SchemaViolationError& e) {
    std::cout << e.what() << '\n';
  }
}

void without_a_validator() {
  try {
    const Pokemons pokemons("POKEMONS", PokemonReducer{});
  } catch (const castore::InvalidSchemaError& e) {
    std::cout << e.what() << '\n';
  }
}

}  // namespace

int main() {
  const auto adapter = std::make_shared<castore::InMemoryEventStorageAdapter>();
  const auto schema_compiler = std::make_shared<castore::Draft7SchemaCompiler>();
  check_events(adapter, schema_compiler);
  check_on_read(adapter, schema_compiler);
  check_commands(adapter, schema_compiler);
  without_a_validator();
}
