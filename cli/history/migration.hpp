#pragma once

#include <castore/event.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "history/event_writer.hpp"

namespace castore::cli {

class Answer;

/// The changes that a replay makes to events without a program, as the options say them.
struct MigrationOptions {
  std::vector<std::string> rename_stores = {};  ///< OLD=NEW
  std::vector<std::string> rename_types = {};   ///< OLD=NEW
  std::vector<std::string> rename_fields = {};  ///< TYPE:/old=/new
  std::vector<std::string> drop_types = {};
  bool renumber = false;

  [[nodiscard]] bool any() const noexcept {
    return renumber || !rename_stores.empty() || !rename_types.empty() || !rename_fields.empty() ||
           !drop_types.empty();
  }
};

/// Changes events on their way to a target. Types are named as they are in the file that is read.
/// All that no rule is about stays as it is, byte for byte: numbers keep their digits.
class Migration {
 public:
  /// \throws InvalidOptionError  a rule that is none, or two rules about one thing
  explicit Migration(const MigrationOptions& options);

  /// Changes the event, whose texts are valid until the next batch begins. Called in the order of
  /// commit, once for each. \returns false if it is dropped
  /// \throws Error  `ErrorCode::malformed_event`, with the place: a payload that is no JSON, or has
  ///     a member of the new name already
  [[nodiscard]] bool apply(PlacedEvent& placed);

  /// The texts of the events so far are not needed any more.
  void begin_batch() { texts_.clear(); }

  /// Notes each type and event store of the rules that no event had: it may be misspelt.
  void note_unmet(Answer& answer) const;

 private:
  using Names = std::map<std::string, std::string, std::less<>>;

  /// The new name of a member of an object.
  struct FieldRule {
    std::vector<std::string> object;  ///< the way to it
    std::string old_name;
    std::string new_name;
  };

  void rename_fields(PlacedEvent& placed, std::span<const FieldRule> rules);

  Names stores_;
  Names types_;
  std::map<std::string, std::vector<FieldRule>, std::less<>> fields_;
  std::vector<std::string> dropped_;
  bool renumber_;
  std::map<std::string, Version, std::less<>> versions_;  ///< by event store and aggregate
  std::deque<std::string> texts_;                         ///< stay where they are
  std::set<std::string, std::less<>> unmet_types_;
  std::set<std::string, std::less<>> unmet_stores_;
};

}  // namespace castore::cli
