#pragma once

/// \file
/// The history of a git repository as events: one aggregate per commit and one per path. Merges
/// are left out, so that what is in a file is the sum of its changes.

#include <castore/event_store.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace git_history {

/// Metadata of every event.
struct Authored {
  std::string author;  ///< a hash of the address

  static constexpr auto fields = castore::fields("author", &Authored::author);
  friend bool operator==(const Authored&, const Authored&) = default;
};

// --- COMMITS ----------------------------------------------------------------------------------

struct Committed {
  static constexpr std::string_view type = "COMMITTED";
  std::int64_t files = 0;
  std::int64_t added = 0;    ///< lines
  std::int64_t removed = 0;  ///< lines
  using Metadata = Authored;

  static constexpr auto fields = castore::fields("files", &Committed::files, "added",
                                                 &Committed::added, "removed", &Committed::removed);
  friend bool operator==(const Committed&, const Committed&) = default;
};

struct Commit {
  std::string aggregate_id;
  castore::Version version = 0;
  std::string author;
  std::int64_t files = 0;
  std::int64_t added = 0;
  std::int64_t removed = 0;

  static constexpr auto fields = castore::fields(
      "aggregate_id", &Commit::aggregate_id, "version", &Commit::version, "author", &Commit::author,
      "files", &Commit::files, "added", &Commit::added, "removed", &Commit::removed);
  friend bool operator==(const Commit&, const Commit&) = default;
};

struct CommitReducer {
  Commit operator()(Commit commit, const castore::Event<Committed>& event) const {
    if (event.metadata) commit.author = event.metadata->author;
    commit.files = event.payload.files;
    commit.added = event.payload.added;
    commit.removed = event.payload.removed;
    return commit;
  }
};

using Commits = castore::EventStore<Commit, Committed>;

inline Commits make_commits(std::shared_ptr<castore::EventStorageAdapter> adapter = nullptr) {
  return {"COMMITS", CommitReducer{}, std::move(adapter)};
}

// --- FILES ------------------------------------------------------------------------------------

/// The part that the three events of a file share.
struct FileChange {
  std::string commit;
  std::optional<std::int64_t> added;    ///< lines; git counts none in a binary file
  std::optional<std::int64_t> removed;  ///< lines
  using Metadata = Authored;

  static constexpr auto fields = castore::fields(
      "commit", &FileChange::commit, "added", &FileChange::added, "removed", &FileChange::removed);
  friend bool operator==(const FileChange&, const FileChange&) = default;
};

struct FileAdded : FileChange {
  static constexpr std::string_view type = "FILE_ADDED";
};
struct FileChanged : FileChange {
  static constexpr std::string_view type = "FILE_CHANGED";
};
struct FileDeleted : FileChange {
  static constexpr std::string_view type = "FILE_DELETED";
};

struct File {
  std::string aggregate_id;  ///< its path
  castore::Version version = 0;
  bool exists = false;
  std::int64_t lines = 0;
  std::int64_t changes = 0;  ///< commits that touched it

  static constexpr auto fields =
      castore::fields("aggregate_id", &File::aggregate_id, "version", &File::version, "exists",
                      &File::exists, "lines", &File::lines, "changes", &File::changes);
  friend bool operator==(const File&, const File&) = default;
};

struct FileReducer {
  File operator()(File file, const castore::Event<FileAdded>& event) const {
    file.exists = true;
    return count(std::move(file), event.payload);
  }
  File operator()(File file, const castore::Event<FileChanged>& event) const {
    return count(std::move(file), event.payload);
  }
  File operator()(File file, const castore::Event<FileDeleted>& event) const {
    file.exists = false;
    return count(std::move(file), event.payload);
  }

 private:
  static File count(File file, const FileChange& change) {
    file.lines += change.added.value_or(0) - change.removed.value_or(0);
    file.changes += 1;
    return file;
  }
};

using Files = castore::EventStore<File, FileAdded, FileChanged, FileDeleted>;

inline Files make_files(std::shared_ptr<castore::EventStorageAdapter> adapter = nullptr) {
  return {"FILES", FileReducer{}, std::move(adapter)};
}

}  // namespace git_history
