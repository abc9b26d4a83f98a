#include <algorithm>
#include <castore/json/text.hpp>
#include <castore/sqlite/event_storage_adapter.hpp>
#include <castore/timestamp.hpp>
#include <castore/version.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answer.hpp"
#include "arguments.hpp"
#include "commands/commands.hpp"
#include "context.hpp"
#include "json_text.hpp"
#include "text.hpp"

namespace castore::cli {
namespace {

constexpr auto description =
    R"(Print what is known of the file itself. Its path, size, encoding and schema, the
position of its newest event, and the versions of SQLite and castore: what is
asked for first where something is wrong. Reads no events.)";

constexpr auto footer = R"(
Example:
  castore-cli --db pokemons.db info
  castore-cli --db pokemons.db --format json info | jq .info.lastPosition)";

using Lines = std::vector<std::pair<std::string, std::string>>;

Lines text_lines(const sqlite::DatabaseInfo& info) {
  Lines lines{{"path", info.path.string()},
              {"file size", std::to_string(info.file_size)},
              {"wal size", std::to_string(info.wal_size)},
              {"encoding", info.encoding},
              {"journal mode", info.journal_mode},
              {"page size", std::to_string(info.page_size)},
              {"schema version", std::to_string(info.schema_version) + " (this program's is " +
                                     std::to_string(sqlite::Database::schema_version()) + ")"}};
  for (const sqlite::AppliedMigration& migration : info.migrations) {
    lines.emplace_back("migration " + std::to_string(migration.version),
                       migration.name + ", " + format_timestamp(migration.applied_at));
  }
  lines.emplace_back("last position", std::to_string(info.last_position));
  lines.emplace_back("sqlite", info.sqlite_version);
  lines.emplace_back("castore", library_version);
  return lines;
}

std::string to_text(const Lines& lines) {
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : lines) {
    text += name + ':';
    text.append(width + 1 - name.size(), ' ');
    append_printable(text, value);
    text += '\n';
  }
  return text;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"" + std::string(name) + "\":";
  append_json_string(out, value);
}

void append_member(std::string& out, std::string_view name, std::uintmax_t value) {
  out += ",\"" + std::string(name) + "\":" + std::to_string(value);
}

std::string to_json(const sqlite::DatabaseInfo& info) {
  std::string json = "{\"info\":{\"path\":";
  append_mended_string(json, info.path.string());
  append_member(json, "fileSize", info.file_size);
  append_member(json, "walSize", info.wal_size);
  append_member(json, "encoding", info.encoding);
  append_member(json, "journalMode", info.journal_mode);
  json += ",\"pageSize\":" + std::to_string(info.page_size);
  json += ",\"schemaVersion\":" + std::to_string(info.schema_version);
  json += ",\"librarySchemaVersion\":" + std::to_string(sqlite::Database::schema_version());
  json += ",\"migrations\":[";
  for (const sqlite::AppliedMigration& migration : info.migrations) {
    if (json.back() != '[') json += ',';
    json += "{\"version\":" + std::to_string(migration.version);
    append_member(json, "name", migration.name);
    append_member(json, "appliedAt", format_timestamp(migration.applied_at));
    json += '}';
  }
  json += "],\"lastPosition\":" + std::to_string(info.last_position);
  append_member(json, "sqliteVersion", info.sqlite_version);
  append_member(json, "castoreVersion", library_version);
  return json + "}}";
}

}  // namespace

void get_info(const Context& context, Answer& answer) {
  const sqlite::DatabaseInfo info = context.open_for_reading()->database()->info();
  answer.value({.json = whole(to_json(info)), .text = whole(to_text(text_lines(info)))});
}

Command info_command() { return {"info", description, footer, {}, get_info}; }

}  // namespace castore::cli
