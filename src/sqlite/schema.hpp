#pragma once

/// \file
/// castore's tables, indexes and triggers as the migrations make them, and whether those of a file
/// are the same. A file may come from anybody: a table that looks like ours may compute what it
/// likes while it is read, confuse ids, or have lost the optimistic lock.

#include <string>
#include <vector>

#include "sqlite/connection.hpp"

namespace castore::sqlite {

/// All there is of ours is as the migrations of the file's ledger have made it. Nothing of the
/// file is read or computed before that is known, but the texts of its schema. Views are for
/// people, and not looked at; indexes of others on our tables are theirs. \param file  for the
/// messages \returns the newest migration that the file has had; 0 if there is nothing of ours
/// \throws StorageError  `newer_schema`, `not_a_castore_file`
int check_schema(Connection& connection, const std::string& file);

/// \pre `check_schema` has returned `version`
/// \throws StorageError  `foreign_trigger`: one on a table of ours is not as a migration has made
/// it
void refuse_foreign_triggers(Connection& connection, const std::string& file, int version);

/// The names of the triggers that the migrations make.
[[nodiscard]] std::vector<std::string> own_triggers();

}  // namespace castore::sqlite
