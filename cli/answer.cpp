#include "answer.hpp"

#include <castore/event_json.hpp>
#include <utility>

#include "text.hpp"

namespace castore::cli {

Pieces whole(std::string text) {
  return [text = std::move(text)](const TextSink& out) { out(text); };
}

Item event_item(const std::string& event_store_id, const EventView& event) {
  return {
      .json = [&](std::string& out) { append_stored_json(out, event_store_id, event); },
      .text = [&](std::string& out) { append_text(out, event_store_id, event); },
  };
}

}  // namespace castore::cli
