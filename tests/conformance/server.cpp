/// The typed API behind a line protocol, for a conformance runner in another language: one JSON
/// request a line on standard input, one JSON answer a line on standard output. `README.md` has
/// the protocol.

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "driver.hpp"

namespace {

using conformance::Driver;
using nlohmann::json;

class Server {
 public:
  explicit Server(conformance::AdapterKind kind) : kind_(kind) {}

  json answer(const json& request) {
    const auto operation = request.at("op").get<std::string>();
    const json args = request.value("args", json::object());
    if (operation == "$ops") {
      return {{"result", {{"ops", Driver::operations()}, {"messages", true}}}};
    }
    if (operation == "$begin") {
      const json setup = args.value("setup", json::object());
      driver_ = std::make_unique<Driver>(kind_, setup.value("sharedAdapter", false));
      return {{"result", json::object()}};
    }
    if (operation == "$end") {
      driver_.reset();
      return {{"result", json::object()}};
    }
    if (!driver_) return error("no scenario has begun");
    return driver_->execute(operation, args);
  }

  static json error(const std::string& message) {
    return {{"error", {{"kind", "Other"}, {"message", message}}}};
  }

 private:
  conformance::AdapterKind kind_;
  std::unique_ptr<Driver> driver_;
};

}  // namespace

int main(int argc, char** argv) {
  auto kind = conformance::AdapterKind::sqlite;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--in-memory") {
      std::cerr << "usage: castore-conformance-server [--in-memory]\n";
      return 2;
    }
    kind = conformance::AdapterKind::in_memory;
  }
  Server server(kind);
  for (std::string line; std::getline(std::cin, line);) {
    json id;
    json answer;
    try {
      const json request = json::parse(line);
      id = request.at("id");
      answer = server.answer(request);
    } catch (const std::exception& e) {
      answer = Server::error(e.what());
    }
    answer["id"] = std::move(id);
    // a message may quote a damaged line
    std::cout << answer.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
