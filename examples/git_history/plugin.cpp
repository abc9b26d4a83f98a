/// \file
/// Commits and files as a plugin of castore-cli.

#include <castore/registry.hpp>
#include <git_history/git_history.hpp>

extern "C" void castore_register(castore::Registry& registry) {
  registry.add(git_history::make_commits());
  registry.add(git_history::make_files());
}
