#pragma once

/// \file
/// The chapters of docs/guide.md in its order, a source file for some of them. What they print is
/// compared with expected.txt.

namespace chapters {

void event_stores();
void commands();
void messages();
void testing();
void feeds();
void dam();
void decorator();

}  // namespace chapters
