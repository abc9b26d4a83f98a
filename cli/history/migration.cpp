#include "history/migration.hpp"

#include <algorithm>
#include <castore/adapter_support.hpp>
#include <castore/error.hpp>
#include <castore/json/scanner.hpp>
#include <castore/json/text.hpp>
#include <utility>

#include "answer.hpp"

namespace castore::cli {
namespace {

/// Two names of an option's value.
std::pair<std::string, std::string> names_of(const char* option, const std::string& value,
                                             std::string_view text) {
  const std::size_t equals = text.find('=');
  const bool two = equals != std::string_view::npos && equals > 0 && equals + 1 < text.size() &&
                   text.find('=', equals + 1) == std::string_view::npos;
  if (!two) throw InvalidOptionError(option, "must be OLD=NEW, not \"" + value + '"');
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

/// The steps of a JSON pointer (RFC 6901). \returns nothing if it is none
std::optional<std::vector<std::string>> steps_of(std::string_view pointer) {
  if (!pointer.starts_with('/')) return std::nullopt;
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      steps.emplace_back();
    } else if (pointer[i] != '~') {
      steps.back() += pointer[i];
    } else if (++i < pointer.size() && (pointer[i] == '0' || pointer[i] == '1')) {
      steps.back() += pointer[i] == '0' ? '~' : '/';
    } else {
      return std::nullopt;
    }
  }
  return steps;
}

/// A text with pieces exchanged.
class Edit {
 public:
  explicit Edit(std::string_view text) : text_(text) {}

  /// \pre behind what was exchanged before
  void exchange(std::size_t at, std::size_t size, std::string_view by) {
    changed_ += text_.substr(copied_, at - copied_);
    changed_ += by;
    copied_ = at + size;
  }
  [[nodiscard]] bool is_changed() const noexcept { return copied_ > 0; }
  [[nodiscard]] std::string finish() && {
    changed_ += text_.substr(copied_);
    return std::move(changed_);
  }

 private:
  std::string_view text_;
  std::string changed_;
  std::size_t copied_ = 0;
};

/// Gives a member another name, in all objects that the way leads to.
class Renaming {
 public:
  Renaming(std::string_view json, std::span<const std::string> way, std::string_view old_name,
           std::string_view new_name)
      : scanner_(json), edit_(json), way_(way), old_name_(old_name), new_name_(new_name) {
    descend(0, max_json_depth);
    scanner_.expect_end();
  }

  /// Whether an object has a member of either name.
  [[nodiscard]] bool has_both() const noexcept { return has_both_; }

  /// Nothing where there is no such member.
  [[nodiscard]] std::optional<std::string> finish() && {
    if (!edit_.is_changed()) return std::nullopt;
    return std::move(edit_).finish();
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): bounded by the way
  void descend(std::size_t level, int depth) {
    if (level == way_.size()) return rename(depth);
    if (scanner_.peek() == '{') {
      members([&](std::string_view name, std::size_t, std::size_t) {
        go_on(name == way_[level], level, depth);
      });
    } else if (scanner_.peek() == '[') {
      std::size_t index = 0;
      scanner_.array(depth, [&] { go_on(std::to_string(index++) == way_[level], level, depth); });
    } else {
      scanner_.value(depth);
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void go_on(bool is_next, std::size_t level, int depth) {
    if (is_next) {
      descend(level + 1, depth - 1);
    } else {
      scanner_.value(depth - 1);
    }
  }

  void rename(int depth) {
    if (scanner_.peek() != '{') {
      scanner_.value(depth);
      return;
    }
    bool has_old = false;
    bool has_new = false;
    members([&](std::string_view name, std::size_t at, std::size_t size) {
      has_new = has_new || name == new_name_;
      if (name == old_name_) {
        has_old = true;
        std::string literal;
        append_json_string(literal, new_name_);
        edit_.exchange(at, size, literal);
      }
      scanner_.value(depth - 1);
    });
    has_both_ = has_both_ || (has_old && has_new);
  }

  /// Calls `take(name, at, size)` for each member of an object, with the place of its name.
  template <class Take>
  void members(const Take& take) {
    scanner_.expect_object();
    if (scanner_.skip('}')) return;
    do {
      static_cast<void>(scanner_.peek());
      const std::size_t at = scanner_.position();
      const std::string_view literal = scanner_.string();
      const std::string name = unquote(literal);
      scanner_.expect(':', "expected ':'");
      take(name, at, literal.size());
    } while (scanner_.skip(','));
    scanner_.expect('}', "expected ',' or '}'");
  }

  JsonScanner scanner_;
  Edit edit_;
  std::span<const std::string> way_;
  std::string_view old_name_;
  std::string_view new_name_;
  bool has_both_ = false;
};

}  // namespace

Migration::Migration(const MigrationOptions& options)
    : dropped_(options.drop_types), renumber_(options.renumber) {
  const auto add = [](Names& names, const char* option, const std::string& value) {
    auto [old_name, new_name] = names_of(option, value, value);
    if (!names.emplace(old_name, std::move(new_name)).second) {
      throw InvalidOptionError(option, "is given twice for " + old_name);
    }
  };
  for (const std::string& value : options.rename_stores) add(stores_, "rename-store", value);
  for (const std::string& value : options.rename_types) add(types_, "rename-type", value);
  for (const auto& [name, unused] : stores_) unmet_stores_.insert(name);
  for (const std::string& value : options.rename_fields) {
    const auto wrong = [&](const std::string& why) {
      throw InvalidOptionError("rename-field", why + ", not \"" + value + '"');
    };
    const std::size_t colon = value.find(":/");
    if (colon == std::string::npos || colon == 0) wrong("must be TYPE:/old=/new");
    const auto [old_pointer, new_pointer] =
        names_of("rename-field", value, std::string_view(value).substr(colon + 1));
    auto old_way = steps_of(old_pointer);
    auto new_way = steps_of(new_pointer);
    if (!old_way || !new_way) wrong("must be TYPE:/old=/new with two JSON pointers");
    FieldRule rule{.object = {}, .old_name = old_way->back(), .new_name = new_way->back()};
    old_way->pop_back();
    new_way->pop_back();
    if (*old_way != *new_way) wrong("must leave the member in its object");
    if (rule.old_name == rule.new_name) wrong("must have two names");
    rule.object = *std::move(old_way);
    fields_[value.substr(0, colon)].push_back(std::move(rule));
  }
  unmet_types_.insert(dropped_.begin(), dropped_.end());
  for (const auto& [name, unused] : types_) unmet_types_.insert(name);
  for (const auto& [name, unused] : fields_) unmet_types_.insert(name);
}

bool Migration::apply(PlacedEvent& placed) {
  NewEventView& event = placed.event;
  const auto meet = [](auto& unmet, std::string_view name) {
    if (const auto met = unmet.find(name); met != unmet.end()) unmet.erase(met);
  };
  meet(unmet_types_, event.type);
  meet(unmet_stores_, placed.event_store_id);
  if (std::find(dropped_.begin(), dropped_.end(), event.type) != dropped_.end()) return false;
  if (const auto rules = fields_.find(event.type); rules != fields_.end()) {
    rename_fields(placed, rules->second);
  }
  if (const auto type = types_.find(event.type); type != types_.end()) event.type = type->second;
  if (const auto store = stores_.find(placed.event_store_id); store != stores_.end()) {
    placed.event_store_id = store->second;
  }
  if (renumber_) {
    std::string key(placed.event_store_id);
    (key += '\0') += event.aggregate_id;
    event.version = ++versions_[std::move(key)];
  }
  return true;
}

void Migration::rename_fields(PlacedEvent& placed, std::span<const FieldRule> rules) {
  NewEventView& event = placed.event;
  const auto fail = [&](const std::string& reason) {
    throw located(
        MalformedEventError(std::string(placed.event_store_id), std::string(event.aggregate_id),
                            event.version, std::string(event.type), "payload " + reason),
        placed.location);
  };
  for (const FieldRule& rule : rules) {
    if (!event.payload) return;
    try {
      Renaming renaming(*event.payload, rule.object, rule.old_name, rule.new_name);
      if (renaming.has_both()) {
        fail("has " + rule.new_name + " already, beside " + rule.old_name);
      }
      if (auto renamed = std::move(renaming).finish()) {
        event.payload = texts_.emplace_back(*std::move(renamed));
      }
    } catch (const JsonSyntaxError& error) {
      fail(to_string(error));
    }
  }
}

void Migration::note_unmet(Answer& answer) const {
  for (const std::string& type : unmet_types_) {
    answer.note(
        {"NoEventOfType", "no event of type " + type + " to change was met", {{"type", type}}});
  }
  for (const std::string& store : unmet_stores_) {
    answer.note({"NoEventOfStore",
                 "no event of event store " + store + " to rename was met",
                 {{"eventStoreId", store}}});
  }
}

}  // namespace castore::cli
