#pragma once

/// \file
/// The groups of cases, in the order of the table.

#include "report.hpp"

namespace castore::bench {

void add_push(Bench& bench);       ///< one event, groups
void add_read(Bench& bench);       ///< stream, fold, list
void add_replay(Bench& bench);     ///< the whole history
void add_threads(Bench& bench);    ///< many writers, readers beside a writer
void add_processes(Bench& bench);  ///< castore-cli: import, replay, time, memory

/// Push, read, list and castore-cli in files of 1,000 events, ten times that, and so on up to
/// `most`. Writes growth-results.json into `results`; its files are in `folder`.
void measure_growth(const std::filesystem::path& folder, const std::filesystem::path& results,
                    std::size_t most);

}  // namespace castore::bench
