#include "sqlite/schema.hpp"

#include <algorithm>
#include <atomic>
#include <castore/error.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "sqlite/migrations.hpp"

namespace castore::sqlite {
namespace {

// Not LIKE: the host may have made that case-sensitive.
constexpr auto select_objects = R"sql(
  SELECT type, name, lower(tbl_name), sql FROM sqlite_master
   WHERE lower(substr(name, 1, 8)) = 'castore_' OR lower(substr(tbl_name, 1, 8)) = 'castore_'
)sql";

constexpr auto select_temporary_triggers = R"sql(
  SELECT type, name, lower(tbl_name), sql FROM sqlite_temp_master
   WHERE type = 'trigger' AND lower(substr(tbl_name, 1, 8)) = 'castore_'
)sql";

// They hide the tables of that name on the connection that has made them.
constexpr auto select_temporary_tables = R"sql(
  SELECT type, name, lower(tbl_name), sql FROM sqlite_temp_master WHERE type IN ('table', 'view')
)sql";

constexpr std::string_view ledger = "castore_migration";

/// A row of the schema.
struct Object {
  std::string type;  ///< "table", "index", "trigger" or "view"
  std::string name;
  std::string table;  ///< in lower case
  std::string sql;    ///< empty for an index that belongs to a constraint
};

using Objects = std::vector<Object>;

char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// SQLite's names: only the case of ASCII makes no difference.
bool is_same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

void append_objects(Objects& objects, Connection& connection, const char* sql) {
  const auto row = connection.borrow(sql);
  while (row->step()) {
    objects.push_back({std::string(row->text(0)), std::string(row->text(1)),
                       std::string(row->text(2)), std::string(row->text(3))});
  }
}

Objects read_objects(Connection& connection) {
  Objects objects;
  append_objects(objects, connection, select_objects);
  return objects;
}

const Object* find(const Objects& objects, std::string_view name) {
  const auto found = std::find_if(objects.begin(), objects.end(), [&](const Object& object) {
    return is_same_name(object.name, name);
  });
  return found == objects.end() ? nullptr : &*found;
}

Objects make_schema(int version) {
  Connection scratch(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, {});
  migrate(scratch, version);
  return read_objects(scratch);
}

/// Made at first use, and kept. Not behind a lock, which a child made by fork might find held.
const Objects& newest_schema() {
  static std::atomic<const Objects*> kept{nullptr};
  const Objects* schema = kept.load();
  if (schema != nullptr) return *schema;
  auto made = std::make_unique<const Objects>(make_schema(migrations().back().version));
  return kept.compare_exchange_strong(schema, made.get()) ? *made.release() : *schema;
}

// --- SQL texts, compared by their tokens --------------------------------------------------------

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '\'' ||
         c == '"' || c == '`' || c == '[' || c == ']' || static_cast<unsigned char>(c) >= 0x80;
}

/// Takes an SQL text apart: "CREATE TABLE name (", its definitions, ")" and what follows. Without
/// comments, in lower case but for what is quoted, and with white space only where words would run
/// together.
class Definitions {
 public:
  explicit Definitions(std::string_view sql) : rest_(sql) {
    while (!rest_.empty()) take();
    parts_.push_back(std::move(part_));
  }

  [[nodiscard]] const std::vector<std::string>& parts() const noexcept { return parts_; }

 private:
  void take() {
    const char c = rest_.front();
    if (rest_.starts_with("--")) return skip_to("\n", 0);
    if (rest_.starts_with("/*")) return skip_to("*/", 2);
    if (is_space(c)) {
      space_ = true;
      return rest_.remove_prefix(1);
    }
    if (c == '\'' || c == '"' || c == '`' || c == '[') return take_quoted(c == '[' ? ']' : c);
    rest_.remove_prefix(1);
    if (c == ')' && --depth_ == 0) end_part();
    if (c == ',' && depth_ == 1) return end_part();
    append(to_lower(c));
    if (c == '(' && ++depth_ == 1) end_part();
  }

  /// A comment separates words, as white space does.
  void skip_to(std::string_view end, std::size_t from) {
    const std::size_t found = rest_.find(end, from);
    rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + end.size());
    space_ = true;
  }

  void take_quoted(char end) {
    const std::size_t found = rest_.find(end, 1);
    std::string_view text = rest_.substr(0, found == std::string_view::npos ? found : found + 1);
    rest_.remove_prefix(text.size());
    // Names of ours have no need of quotes; SQLite sets them where it has renamed something.
    if (text.starts_with("\"castore_")) text = text.substr(1, text.size() - 2);
    append(text.front());
    part_ += text.substr(1);
  }

  void append(char c) {
    if (space_ && !part_.empty() && is_word(part_.back()) && is_word(c)) part_ += ' ';
    space_ = false;
    part_ += c;
  }

  void end_part() {
    parts_.push_back(std::move(part_));
    part_.clear();
    space_ = false;
  }

  std::string_view rest_;
  std::string part_;
  std::vector<std::string> parts_;
  int depth_ = 0;
  bool space_ = false;
};

/// The first of `parts` that is not among `others`.
const std::string* find_other(const std::vector<std::string>& parts,
                              const std::vector<std::string>& others) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const std::string& part) {
    return std::find(others.begin(), others.end(), part) == others.end();
  });
  return found == parts.end() ? nullptr : &*found;
}

std::string quoted(const std::string& part) {
  constexpr std::size_t longest = 120;
  if (part.size() <= longest) return '"' + part + '"';
  return '"' + part.substr(0, longest) + "...\"";
}

/// \returns what `sql` has that ours has not, and the other way round; "" if they are the same
std::string difference(const std::string& sql, const std::string& ours) {
  // For SQLite the text ends there.
  if (sql.find('\0') != std::string::npos) return "its text has a NUL";
  const Definitions found(sql);
  const Definitions expected(ours);
  if (found.parts() == expected.parts()) return {};
  const std::string* const other = find_other(found.parts(), expected.parts());
  const std::string* const missing = find_other(expected.parts(), found.parts());
  if (other == nullptr && missing == nullptr) return "its definitions stand in another order";
  std::string text;
  if (other != nullptr) text += "it has " + quoted(*other);
  if (other != nullptr && missing != nullptr) text += " and ";
  if (missing != nullptr) text += (other == nullptr ? "it lacks " : "lacks ") + quoted(*missing);
  return text;
}

// --- Comparing ----------------------------------------------------------------------------------

[[noreturn]] void refuse(const std::string& file, const std::string& reason) {
  throw StorageError(ErrorCode::not_a_castore_file, file + " is no castore file: " + reason);
}

void check_object(const Objects& objects, const Object& expected, const std::string& file) {
  const std::string what = expected.type + ' ' + expected.name;
  const Object* const found = find(objects, expected.name);
  if (found == nullptr) refuse(file, "it has no " + what);
  if (found->type != expected.type) {
    refuse(file, expected.name + " is a " + found->type + ", not the " + what);
  }
  const std::string differs = difference(found->sql, expected.sql);
  if (!differs.empty()) refuse(file, "its " + what + " is not castore's: " + differs);
}

void check_objects(const Objects& objects, const Objects& expected, const std::string& file) {
  for (const Object& object : expected) {
    if (object.type == "view" || object.sql.empty()) continue;
    check_object(objects, object, file);
  }
}

/// A database of somebody else, who may have a table, or a view, by a name of ours.
void check_nothing_is_ours(const Objects& objects, const Objects& ours, const std::string& file) {
  for (const Object& object : ours) {
    if (object.type != "table" || object.name == ledger) continue;
    const Object* const found = find(objects, object.name);
    if (found == nullptr) continue;
    refuse(file, "its " + found->type + ' ' + found->name +
                     " is not castore's: no row of a table castore_migration says so");
  }
}

void check_nothing_is_hidden(Connection& connection, const Objects& ours, const std::string& file) {
  Objects temporary;
  append_objects(temporary, connection, select_temporary_tables);
  for (const Object& object : temporary) {
    if (find(ours, object.name) == nullptr) continue;
    refuse(file, "a temporary " + object.type + ' ' + object.name + " hides castore's");
  }
}

}  // namespace

int check_schema(Connection& connection, const std::string& file) {
  const ReadTransaction moment(connection);  // another process may be at work on the schema
  const Objects objects = read_objects(connection);
  const int newest = migrations().back().version;
  if (objects.empty()) return 0;
  const Objects& ours = newest_schema();
  check_nothing_is_hidden(connection, ours, file);
  const bool has_ledger = find(objects, ledger) != nullptr;
  if (has_ledger) check_object(objects, *find(ours, ledger), file);
  const std::int64_t applied = has_ledger ? applied_version(connection) : 0;
  if (applied > newest) {
    throw StorageError(ErrorCode::newer_schema,
                       file + " was written by a newer version of castore (its schema is " +
                           std::to_string(applied) + ", this library knows " +
                           std::to_string(newest) + "): upgrade castore to open it");
  }
  if (applied < 1) {
    check_nothing_is_ours(objects, ours, file);
    return 0;
  }
  const bool is_newest = applied == newest;
  check_objects(objects, is_newest ? ours : make_schema(static_cast<int>(applied)), file);
  return static_cast<int>(applied);
}

void refuse_foreign_triggers(Connection& connection, const std::string& file, int version) {
  Objects objects = read_objects(connection);
  append_objects(objects, connection, select_temporary_triggers);
  const auto is_trigger = [](const Object& object) { return object.type == "trigger"; };
  if (std::none_of(objects.begin(), objects.end(), is_trigger)) return;
  const Objects ours = make_schema(version);
  const auto is_ours = [&](const Object& object) {
    const Object* const table = find(newest_schema(), object.table);
    if (table == nullptr || table->type != "table") return true;  // a trigger on something else
    const Object* const known = find(ours, object.name);
    return known != nullptr && is_trigger(*known) && difference(object.sql, known->sql).empty();
  };
  for (const Object& object : objects) {
    if (!is_trigger(object) || is_ours(object)) continue;
    throw StorageError(ErrorCode::foreign_trigger,
                       file + " has a trigger " + object.name + " on " + object.table +
                           " that is not castore's: it could change or drop what is pushed",
                       {{"trigger", object.name}});
  }
}

std::vector<std::string> own_triggers() {
  std::vector<std::string> names;
  for (const Object& object : newest_schema()) {
    if (object.type == "trigger") names.push_back(object.name);
  }
  return names;
}

}  // namespace castore::sqlite
