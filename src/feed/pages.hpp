#pragma once

/// \file
/// The history of an event store as it was when a reading began, a page at a time.

#include <bitset>
#include <castore/event_storage_adapter.hpp>
#include <castore/poured_event_source.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace castore::feed {

/// An aggregate's events as a query asks for them, a page at a time, as far as they went when it
/// was made.
class AggregatePages {
 public:
  /// \param filters  let through what is read
  AggregatePages(const PouredEventSource& source, const std::string& aggregate_id,
                 const EventsQueryOptions& options, const PourFilters& filters);

  /// The next event that the filters let through; null: there are no more.
  [[nodiscard]] const EventDetail* next();

  /// The options that ask for the event that `next` has answered, and those after it.
  [[nodiscard]] EventsQueryOptions from_here() const;
  /// The options that ask for those after it.
  [[nodiscard]] EventsQueryOptions after() const;

 private:
  struct Read {
    EventDetail event;
    std::int64_t read_before = 0;
  };

  [[nodiscard]] bool is_let_through(const EventView& event) const;
  void read_page();
  [[nodiscard]] static EventsQueryOptions go_on_after(EventsQueryOptions query, Version version,
                                                      std::int64_t count);

  const PouredEventSource& source_;
  const std::string& aggregate_id_;
  const EventsQueryOptions& options_;
  const PourFilters& filters_;
  EventsQueryOptions query_;  ///< what is still to be read
  bool done_ = false;
  std::int64_t read_ = 0;
  std::vector<Read> page_;
  std::size_t next_ = 0;
};

/// Positions, from 1, in a bit or two for each of them where they are close together.
class PositionSet {
 public:
  /// \returns whether it was not there yet
  bool insert(std::int64_t position) {
    Block& block = blocks_[position / block_size];
    const auto bit = static_cast<std::size_t>(position % block_size);
    const bool is_new = !block[bit];
    block.set(bit);
    return is_new;
  }

 private:
  static constexpr std::int64_t block_size = 512;
  using Block = std::bitset<block_size>;

  std::unordered_map<std::int64_t, Block> blocks_;
};

/// The aggregates of a listing that were there when this was made, a page at a time, each once.
class ListingPages {
 public:
  /// \param after  the aggregate after which the listing goes on
  ListingPages(const PouredEventSource& source, const PourAggregateIdsQueryOptions& options,
               std::optional<ListedAggregateId> after);

  /// Null: there are no more.
  [[nodiscard]] const ListedAggregateId* next();

 private:
  [[nodiscard]] bool read_page();
  /// Whether the listing has `a` before `b`.
  [[nodiscard]] bool is_before(const ListedAggregateId& a, const ListedAggregateId& b) const;

  const PouredEventSource& source_;
  std::optional<ListedAggregateId> after_;
  bool reverse_;
  ListAggregateIdsOptions query_;  ///< for the next page
  bool done_ = false;              ///< there is none
  ListAggregateIdsResult page_;
  std::size_t next_ = 0;
  PositionSet listed_;  ///< an overwritten initial event may stand in the listing anew
};

}  // namespace castore::feed
