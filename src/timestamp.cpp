#include <castore/error.hpp>
#include <castore/timestamp.hpp>

namespace castore {
namespace {

using std::chrono::microseconds;

constexpr std::string_view expected_form = "expected YYYY-MM-DDTHH:MM:SS[.ffffff]Z or an offset";

/// Reads digits from the left of a timestamp; every mismatch is the same error.
class TimestampReader {
 public:
  explicit TimestampReader(std::string_view text) : text_(text), rest_(text) {}

  int digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) value = value * 10 + digit();
    return value;
  }

  int digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') fail(expected_form);
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  bool skip(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!skip(c)) fail(expected_form);
  }

  [[nodiscard]] bool at(char c) const { return !rest_.empty() && rest_.front() == c; }
  [[nodiscard]] bool at_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

  [[noreturn]] void fail(std::string_view reason) const {
    throw InvalidTimestampError(std::string(text_), std::string(reason));
  }

 private:
  std::string_view text_;
  std::string_view rest_;
};

struct Fraction {
  microseconds value{0};
  bool truncated = false;  ///< there were digits after the sixth that are no zeros
};

Fraction read_fraction(TimestampReader& reader) {
  if (!reader.skip('.')) return {};
  constexpr int most_digits = 18;  // attoseconds: no clock is finer
  int value = 0;
  int count = 0;
  bool truncated = false;
  do {
    if (++count > most_digits) reader.fail("more than 18 fraction digits");
    const int digit = reader.digit();
    if (count <= 6) value = value * 10 + digit;
    if (count > 6 && digit != 0) truncated = true;
  } while (reader.at_digit());
  for (; count < 6; ++count) value *= 10;
  return {microseconds{value}, truncated};
}

std::chrono::minutes read_offset(TimestampReader& reader) {
  if (reader.skip('Z') || reader.skip('z')) return std::chrono::minutes{0};
  const bool negative = reader.at('-');
  if (!negative && !reader.at('+')) reader.fail("no time zone: expected Z or an offset");
  static_cast<void>(reader.skip(negative ? '-' : '+'));
  const int hours = reader.digits(2);
  reader.expect(':');
  const int minutes = reader.digits(2);
  if (hours > 23 || minutes > 59) reader.fail("no such offset");
  const std::chrono::minutes offset{hours * 60 + minutes};
  return negative ? -offset : offset;
}

void append_digits(std::string& out, unsigned value, int count) {
  char buffer[8];
  for (int i = count; i-- > 0; value /= 10) buffer[i] = static_cast<char>('0' + value % 10);
  out.append(buffer, static_cast<std::size_t>(count));
}

}  // namespace

void append_timestamp(std::string& out, Timestamp timestamp) {
  if (timestamp < min_timestamp || timestamp > max_timestamp) {
    throw InvalidTimestampError(std::to_string(timestamp.time_since_epoch().count()),
                                "outside the years 0000 to 9999 (microseconds since 1970)");
  }
  const auto day = std::chrono::floor<std::chrono::days>(timestamp);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{timestamp - day};
  append_digits(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, static_cast<unsigned>(time.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(time.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(time.seconds().count()), 2);
  out += '.';
  const auto fraction = static_cast<unsigned>(time.subseconds().count());
  if (fraction % 1000 == 0) {
    append_digits(out, fraction / 1000, 3);
  } else {
    append_digits(out, fraction, 6);
  }
  out += 'Z';
}

std::string format_timestamp(Timestamp timestamp) {
  std::string text;
  append_timestamp(text, timestamp);
  return text;
}

Timestamp parse_timestamp(std::string_view text) {
  const auto [timestamp, truncated] = parse_truncated_timestamp(text);
  if (truncated) {
    throw InvalidTimestampError(std::string(text),
                                "digits other than 0 after the sixth of the fraction");
  }
  return timestamp;
}

TruncatedTimestamp parse_truncated_timestamp(std::string_view text) {
  using namespace std::chrono;
  TimestampReader reader(text);
  const year y{reader.digits(4)};
  reader.expect('-');
  const month m{static_cast<unsigned>(reader.digits(2))};
  reader.expect('-');
  const day d{static_cast<unsigned>(reader.digits(2))};
  const year_month_day date{y, m, d};
  if (!date.ok()) reader.fail("no such day");
  if (!reader.skip('t')) reader.expect('T');
  const hours hour{reader.digits(2)};
  reader.expect(':');
  const minutes minute{reader.digits(2)};
  reader.expect(':');
  const seconds second{reader.digits(2)};
  if (hour.count() > 23 || minute.count() > 59 || second.count() > 59) {
    reader.fail("no such time of day");
  }
  const Fraction fraction = read_fraction(reader);
  const minutes offset = read_offset(reader);
  if (!reader.done()) reader.fail(expected_form);
  const Timestamp timestamp = sys_days{date} + hour + minute + second + fraction.value - offset;
  if (timestamp < min_timestamp || timestamp > max_timestamp) {
    reader.fail("outside the years 0000 to 9999 in UTC");
  }
  return {timestamp, fraction.truncated};
}

}  // namespace castore
