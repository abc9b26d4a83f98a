#pragma once

/// \file
/// The scenarios' message channels: one interface over the typed ones.

#include <castore/castore.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "domain.hpp"

namespace conformance {

/// The event stores of the domain; channels and commands borrow them.
struct DomainStores {
  Pokemons pokemons;
  Trainers trainers;
  Counters counters;
};

using AnyStore = std::variant<Pokemons*, Trainers*, Counters*>;

/// A typed message channel, its in-memory adapter if it has one, and what its listeners were given.
class Channel {
 public:
  Channel() = default;
  Channel& operator=(Channel&&) = delete;
  virtual ~Channel() = default;

  /// `{"messageChannelId","messageChannelType","messageType","retryPolicy"?}`
  [[nodiscard]] virtual nlohmann::json describe() const = 0;
  virtual void set_worker(const nlohmann::json& worker) = 0;
  virtual void on_message(const nlohmann::json& filter, const nlohmann::json& handler) = 0;
  virtual void publish_message(const nlohmann::json& message,
                               const castore::PublishMessageOptions& options) = 0;
  virtual void publish_messages(const nlohmann::json& messages,
                                const castore::PublishMessageOptions& options) = 0;
  virtual void get_aggregate_and_publish_message(const nlohmann::json& message,
                                                 const castore::PublishMessageOptions& options) = 0;
  /// Waits until all is handled; then `{"deliveries","gapsMs"?}`, and forgets them.
  [[nodiscard]] virtual nlohmann::json received(bool gaps) = 0;
  /// `store` connected to this channel. \throws Unsupported  where that does not compile
  [[nodiscard]] virtual std::variant<std::shared_ptr<Pokemons>, std::shared_ptr<Trainers>,
                                     std::shared_ptr<Counters>>
  connect(AnyStore store) = 0;
};

/// As `createChannel` asks for it. \throws Unsupported
[[nodiscard]] std::unique_ptr<Channel> make_channel(const nlohmann::json& args,
                                                    const DomainStores& stores);

/// A message by its members, as the original's guards tell them apart.
[[nodiscard]] castore::Message parse_message(const nlohmann::json& message);
[[nodiscard]] nlohmann::json to_json(const castore::Message& message);

}  // namespace conformance
