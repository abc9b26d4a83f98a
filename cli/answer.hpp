#pragma once

#include <castore/error.hpp>
#include <castore/event.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.hpp"

namespace castore::cli {

/// A remark that is no error.
struct Note {
  std::string code;
  std::string message;
  std::vector<ErrorField> fields = {};
};

/// A text that is handed out in pieces.
using Pieces = std::function<void(const TextSink&)>;

/// The only result of a command, in its forms.
struct Value {
  Pieces json;       ///< without the end of the line
  Pieces text = {};  ///< with it; none: the JSON, made readable
  std::string done =
      {};  ///< what has happened even where the value cannot be delivered; empty: nothing
};

/// A list of results.
struct List {
  std::string name;          ///< of the member that is the list
  std::string heading = {};  ///< a line above the text
  std::string done = {};     ///< as that of a value
};

/// A result in a list, in its forms. Each appends to a text.
struct Item {
  using Form = std::function<void(std::string& out)>;
  Form json;
  Form text;       ///< with the end of the line
  Form line = {};  ///< the JSON where it stands alone; none: the same as in a list
};

/// Receives the answer of a command as it comes: prints it, sends it, or keeps it.
class Answer {
 public:
  Answer() = default;
  Answer& operator=(Answer&&) = delete;
  virtual ~Answer() = default;

  virtual void note(const Note& note) = 0;

  virtual void value(const Value& value) = 0;

  virtual void begin_list(const List& list) = 0;
  /// Returns whether more are wanted.
  virtual bool item(const Item& item) = 0;
  /// \param remark  about the list; its fields belong to the answer
  virtual void end_list(const std::optional<Note>& remark = {}) = 0;

  /// Appends to `items`, which are part of a value, one more in the form that is wanted.
  virtual void append_item(std::string& items, const Item& item) const = 0;

  /// Takes whole JSON Lines, the form of a history whatever is wanted else.
  /// \throws OutputError  they were not delivered
  virtual void json_lines(std::string_view lines) = 0;

  /// Tells whether a person watches the results come, and so needs no other sign of progress.
  [[nodiscard]] virtual bool is_watched() const noexcept { return false; }
};

/// Returns a text that is handed out in one piece.
[[nodiscard]] Pieces whole(std::string text);

/// Returns a stored event as an item, which borrows it. Whoever gives out events that a file holds
/// does it by this or by `append_stored_json`: text that is no JSON must not pass for it.
/// \throws MalformedEventError  from its forms
[[nodiscard]] Item event_item(const std::string& event_store_id, const EventView& event);

}  // namespace castore::cli
