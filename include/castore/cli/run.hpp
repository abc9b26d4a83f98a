#pragma once

#include <castore/registry.hpp>
#include <iosfwd>

namespace castore::cli {

/// `castore-cli` as a function, for an application's own tool: with the reducers of `registry`,
/// `get-aggregate` shows the application's aggregates.
///
///     int main(int argc, char** argv) {
///       castore::Registry registry;
///       registry.add(pokemons);
///       return castore::cli::run(argc, argv, registry);
///     }
///
/// Answers the exit code of `docs/cli.md`; throws nothing. Uses standard input and output. Where a
/// command that only reads writes to a pipe that nobody reads any more, the process ends by
/// SIGPIPE, unless that is handled or ignored. While it runs, `std::cout` and `std::cerr` go by its
/// buffers.
[[nodiscard]] int run(int argc, const char* const* argv, const Registry& registry = {});

/// The streams of a run, for tests and for tools that embed it.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

[[nodiscard]] int run(int argc, const char* const* argv, const Registry& registry,
                      const Streams& streams);

}  // namespace castore::cli
