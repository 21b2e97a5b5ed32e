#include "segue/data/id_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>

#include "segue/core/error.hpp"
#include "segue/core/text.hpp"

namespace segue::data {
namespace {

constexpr std::size_t kFirstSlots = 16;
constexpr std::size_t kBatch = 32;                  // lookups whose misses overlap: more than a core has in flight
constexpr std::int64_t kNearestSearched = 1 << 20;  // about a second of edit distances

template <class Word>
std::uint64_t load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Both halves of the 128-bit product: each bit of a and b reaches the result.
std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Folded multiplication of 16 bytes at a time, the last 16 overlapping those before (the scheme of wyhash).
std::uint32_t hash_of(std::string_view id) {
  constexpr std::uint64_t kFirst = 0xa0761d6478bd642fu, kSecond = 0xe7037ed1a0b428dbu;
  const char* bytes = id.data();
  const std::size_t size = id.size();
  std::uint64_t state = fold_product(size ^ kFirst, kSecond);
  for (std::size_t i = 0; i + 16 < size; i += 16)
    state = fold_product(load<std::uint64_t>(bytes + i) ^ kFirst, load<std::uint64_t>(bytes + i + 8) ^ state);
  std::uint64_t a = 0, b = 0;
  if (size >= 16) {
    a = load<std::uint64_t>(bytes + size - 16);
    b = load<std::uint64_t>(bytes + size - 8);
  } else if (size >= 8) {
    a = load<std::uint64_t>(bytes);
    b = load<std::uint64_t>(bytes + size - 8);
  } else if (size >= 4) {
    a = load<std::uint32_t>(bytes);
    b = load<std::uint32_t>(bytes + size - 4);
  } else {
    for (std::size_t i = 0; i < size; ++i)
      a = a << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return static_cast<std::uint32_t>(fold_product(fold_product(a ^ kFirst, b ^ state), kSecond));
}

}  // namespace

// The slot that holds the id, or the empty one where it would go.
std::size_t IdTable::slot_of(std::string_view wanted, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  while (slots_[slot].row != kNone && !(slots_[slot].hash == hash && id(slots_[slot].row) == wanted))
    slot = (slot + 1) & mask;
  return slot;
}

void IdTable::rehash(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  const std::size_t mask = slots - 1;
  for (const Slot& entry : old) {
    if (entry.row == kNone)
      continue;
    std::size_t slot = entry.hash & mask;
    while (slots_[slot].row != kNone)
      slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

std::int32_t IdTable::add(std::string_view id) {
  if (offsets_.size() * 2 > slots_.size())
    rehash(std::max(kFirstSlots, slots_.size() * 2));
  const std::uint32_t hash = hash_of(id);
  Slot& slot = slots_[slot_of(id, hash)];
  if (slot.row != kNone)
    return slot.row;
  if (size() == std::numeric_limits<std::int32_t>::max())
    throw Error(fmt::format("{} ids are too many: a table holds at most 2^31 - 1", size()));
  const auto row = static_cast<std::int32_t>(size());
  characters_.append(id);
  offsets_.push_back(characters_.size());
  slot = {hash, row};
  return row;
}

std::int32_t IdTable::find(std::string_view id) const {
  return slots_.empty() ? kNone : slots_[slot_of(id, hash_of(id))].row;
}

void IdTable::find(std::span<const std::string_view> ids, std::span<std::int32_t> rows) const {
  assert(rows.size() == ids.size());
  if (slots_.empty()) {
    std::fill(rows.begin(), rows.end(), kNone);
    return;
  }
  const std::size_t mask = slots_.size() - 1;
  std::array<std::uint32_t, kBatch> hashes;
  for (std::size_t begin = 0; begin < ids.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, ids.size() - begin);
    // A lookup misses three times, each address coming from the miss before: the slot, the offsets, the characters.
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hash_of(ids[begin + i]);
      __builtin_prefetch(&slots_[hashes[i] & mask]);
    }
    for (std::size_t i = 0; i < count; ++i)
      __builtin_prefetch(&offsets_[static_cast<std::size_t>(std::max(0, slots_[hashes[i] & mask].row))]);
    for (std::size_t i = 0; i < count; ++i)
      __builtin_prefetch(characters_.data() +
                         offsets_[static_cast<std::size_t>(std::max(0, slots_[hashes[i] & mask].row))]);
    for (std::size_t i = 0; i < count; ++i)
      rows[begin + i] = slots_[slot_of(ids[begin + i], hashes[i])].row;
  }
}

void IdTable::reserve(std::int64_t ids) {
  std::size_t slots = std::max(kFirstSlots, slots_.size());
  while (slots < 2 * (static_cast<std::size_t>(ids) + 1))
    slots *= 2;
  if (slots > slots_.size())
    rehash(slots);
  offsets_.reserve(static_cast<std::size_t>(ids) + 1);
}

std::int64_t IdTable::memory_bytes() const {
  return static_cast<std::int64_t>(characters_.capacity() + offsets_.capacity() * sizeof(std::uint64_t) +
                                   slots_.capacity() * sizeof(Slot));
}

std::int32_t IdTable::require(std::string_view wanted, std::string_view table) const {
  const std::int32_t row = find(wanted);
  if (row != kNone)
    return row;
  std::vector<std::string_view> candidates;
  for (std::int64_t i = 0; i < std::min(size(), kNearestSearched); ++i)
    candidates.push_back(id(static_cast<std::int32_t>(i)));
  std::string nearest;
  for (const std::string& word : nearest_words(wanted, candidates, 3))
    nearest += (nearest.empty() ? "; nearest: " : ", ") + quote_for_message(word);
  throw UnknownId(fmt::format("{} is not among the {} {}{}", quote_for_message(wanted), size(), table, nearest));
}

}  // namespace segue::data
