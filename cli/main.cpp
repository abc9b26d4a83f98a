#include <castore/cli/run.hpp>

int main(int argc, char** argv) { return castore::cli::run(argc, argv); }
