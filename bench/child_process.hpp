#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace castore::bench {

/// Runs a program to its end, its output thrown away. Stops this program if it did not answer 0.
/// \returns wall time from before its start to after its end, in seconds
double run(const std::vector<std::string>& command);

/// The most memory a program had resident, in MiB.
///
/// The figures of the system for a child include the memory of the process it was forked from,
/// until it became the program. So this program is first run anew, while it is small, and that one
/// starts `command`: see `report_peak_memory`. \param answer  a file to hand the figure over
double peak_memory(const std::vector<std::string>& command, const std::filesystem::path& answer);

/// The part of `peak_memory` that runs in between: `castore-bench --peak-memory ANSWER COMMAND...`.
inline constexpr auto peak_memory_option = "--peak-memory";
void report_peak_memory(const std::vector<std::string>& command,
                        const std::filesystem::path& answer);

}  // namespace castore::bench
