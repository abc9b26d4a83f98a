// expect: this reducer has no overload for one of the store's events
// expect: RequireReducer<MuteReducer, pokemon::Trainer, pokemon::TrainerCreated>
#include <pokemon/pokemon.hpp>

struct MuteReducer {
  void operator()(pokemon::Trainer, const castore::Event<pokemon::TrainerCreated>&) const {}
};

const castore::EventStore<pokemon::Trainer, pokemon::TrainerCreated> trainers("TRAINERS",
                                                                              MuteReducer{});
