#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.hpp"

namespace castore {
class JsonScanner;
}

namespace castore::cli {

/// A JSON object that grows by merge patches (RFC 7396). Members keep the order they came in.
///
/// The time it takes is that of reading the patches, and the memory a few times the size of the
/// object: all text is in one string, the members of all objects inside are in one hash table.
class MergedObject {
 public:
  MergedObject();

  /// Merges a patch. A name that is twice in it counts as two patches.
  /// \pre `patch` is valid JSON, at most `max_json_depth` deep, and an object
  void apply(std::string_view patch);

  using IsWanted = std::function<bool(std::string_view name)>;

  /// Hands out the members `"name":value,…` whose names are wanted, without white space. Returns
  /// whether there are any.
  /// \param is_wanted  asked with the name as castore writes it in JSON
  /// \param lead       comes before the first of them
  bool print_members(const IsWanted& is_wanted, std::string_view lead, const TextSink& out) const;

 private:
  using Index = std::uint32_t;
  static constexpr Index none = std::numeric_limits<Index>::max();
  static constexpr Index root = 0;

  /// A list of members.
  struct Object {
    Index first = none;
    Index last = none;
  };

  /// Its text is `"name":value`, or `"name":` if the value is an object.
  struct Member {
    std::size_t text_at = 0;
    std::uint32_t name_size = 0;  ///< with the quotes
    std::uint32_t value_size = 0;
    Index object = none;  ///< the value
    Index owner = none;   ///< the object it belongs to; none: it was removed
    Index next = none;
    std::uint32_t hash = 0;
  };

  void merge(JsonScanner& patch, int depth, Index owner);
  Index find(std::string_view name, Index owner) const;
  Index add(std::string_view name, Index owner);
  Index add_object();
  void set_text(Member& member, std::string_view name, std::string_view value);
  void remove(Member& member);
  void remove_value(Member& member);

  [[nodiscard]] std::string_view name_of(const Member& member) const;
  [[nodiscard]] std::uint32_t hash_of(std::string_view name, Index owner) const;
  void insert_slot(Index member);
  void grow_slots();

  void collect_garbage();
  void copy_members(Index from, MergedObject& target, Index to) const;
  bool print_members_of(Index object, const IsWanted& is_wanted, std::string_view lead,
                        const TextSink& out) const;

  std::string text_;
  std::deque<Member> members_;
  std::vector<Object> objects_;
  std::vector<Index> slots_;  ///< members by their hash, open addressing; a power of two of them
  std::size_t garbage_ = 0;   ///< bytes of all these that are not needed any more
  std::uint64_t seed_;        ///< of the hash: or one could make names that all have the same
  std::string name_;          ///< that is looked for
};

}  // namespace castore::cli
