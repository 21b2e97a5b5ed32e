// CUDA's atomics and its loads and stores with cache hints; a part of builtins.hpp.
#pragma once

namespace segue::simt::detail {

template <class T>
using Bits =
    std::conditional_t<sizeof(T) == 8, std::uint64_t, std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint16_t>>;

template <class T, class Change>
__attribute__((no_sanitize("thread"))) inline T exchange_changed(T* address, Change change) {
  static_assert(sizeof(T) == sizeof(Bits<T>));
  using Alias [[gnu::may_alias]] = Bits<T>;
  Alias* const memory = reinterpret_cast<Alias*>(address);
  Bits<T> old = __atomic_load_n(memory, __ATOMIC_RELAXED);
  for (;;) {
    const T was = from_bits<T>(old);
    auto next = static_cast<Bits<T>>(to_bits(static_cast<T>(change(was))));
    if (__atomic_compare_exchange_n(memory, &old, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return was;
  }
}

/// *address = change(*address) as one, on any type of 2, 4 or 8 bytes; what was there. Inlined: it reports its caller.
template <class T, class Change>
SEGUE_SIMT_INLINE T update(T* address, Change change) {
  atomic_access(address, sizeof(T));
  return exchange_changed(address, change);
}

}  // namespace segue::simt::detail

#define SEGUE_SIMT_ATOMIC(name, expression)                                                                          \
  template <class T>                                                                                                 \
  SEGUE_SIMT_INLINE T name(T* address, std::type_identity_t<T> value) {                                              \
    return segue::simt::detail::update(address,                                                                      \
                                       [value]([[maybe_unused]] T old) -> T { return static_cast<T>(expression); }); \
  }                                                                                                                  \
  template <class T>                                                                                                 \
  SEGUE_SIMT_INLINE T name##_block(T* address, std::type_identity_t<T> value) {                                      \
    return name(address, value);                                                                                     \
  }
SEGUE_SIMT_ATOMIC(atomicAdd, old + value)
SEGUE_SIMT_ATOMIC(atomicSub, old - value)
SEGUE_SIMT_ATOMIC(atomicExch, value)
SEGUE_SIMT_ATOMIC(atomicMin, value < old ? value : old)
SEGUE_SIMT_ATOMIC(atomicMax, old < value ? value : old)
SEGUE_SIMT_ATOMIC(atomicAnd, old& value)
SEGUE_SIMT_ATOMIC(atomicOr, old | value)
SEGUE_SIMT_ATOMIC(atomicXor, old ^ value)
SEGUE_SIMT_ATOMIC(atomicInc, old >= value ? 0u : old + 1u)
SEGUE_SIMT_ATOMIC(atomicDec, old == 0u || old > value ? value : old - 1u)
#undef SEGUE_SIMT_ATOMIC

template <class T>
SEGUE_SIMT_INLINE T atomicCAS(T* address, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  return segue::simt::detail::update(address, [&](T old) -> T {
    return segue::simt::detail::to_bits(old) == segue::simt::detail::to_bits(expected) ? value : old;
  });
}

#define SEGUE_SIMT_LOAD(name)                  \
  template <class T>                           \
  SEGUE_SIMT_INLINE T name(const T* address) { \
    return *address;                           \
  }
SEGUE_SIMT_LOAD(__ldg)
SEGUE_SIMT_LOAD(__ldca)
SEGUE_SIMT_LOAD(__ldcg)
SEGUE_SIMT_LOAD(__ldcs)
SEGUE_SIMT_LOAD(__ldlu)
SEGUE_SIMT_LOAD(__ldcv)
#undef SEGUE_SIMT_LOAD
#define SEGUE_SIMT_STORE(name)                                             \
  template <class T>                                                       \
  SEGUE_SIMT_INLINE void name(T* address, std::type_identity_t<T> value) { \
    *address = value;                                                      \
  }
SEGUE_SIMT_STORE(__stwb)
SEGUE_SIMT_STORE(__stcg)
SEGUE_SIMT_STORE(__stcs)
SEGUE_SIMT_STORE(__stwt)
#undef SEGUE_SIMT_STORE
