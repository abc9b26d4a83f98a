// expect: deleted
#include <castore/json/scanner.hpp>
#include <string>

castore::JsonScanner scanner(std::string("[1,2,3]"));
