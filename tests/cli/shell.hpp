#pragma once

#include <sys/wait.h>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "support/temporary_directory.hpp"

namespace castore::testing {

/// The result of a run of the program.
struct Finished {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// A POSIX shell in an empty directory, where `$cli` is castore-cli with `--db events.db`.
class Shell {
 public:
  [[nodiscard]] Finished operator()(const std::string& script) const {
    const std::string command = "cd " + directory_.path().string() + " && { cli='" + CASTORE_CLI +
                                " --db events.db'; plugin='" + CASTORE_PLUGIN + "'; " + script +
                                " ; } >out 2>err";
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), read("out"), read("err")};
  }

 private:
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(directory_ / name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_;
};

}  // namespace castore::testing
