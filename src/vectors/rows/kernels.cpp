#include "rows/kernels.h"

#include <algorithm>
#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rows/kernels.cpp"
#include "clipsim/core/each_instruction_set.h"

HWY_BEFORE_NAMESPACE();
namespace clipsim {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Rows are worked on four at a time: the query is loaded once for four, and no sum waits for itself.
constexpr std::size_t group = 4;
// Far enough ahead to hide a cache miss behind the rows in between.
constexpr std::size_t rows_ahead = 2 * group;

HWY_INLINE void prefetch_row(const std::uint8_t* row, std::size_t bytes) {
    for (std::size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch(row + offset);
}

using Floats = hn::CappedTag<float, 16>;  // as wide as it gets on x86 and NEON

// How to read `Lanes(Floats)` values of a row as floats.
struct FloatRow {
    static constexpr std::size_t size = 4;
    HWY_INLINE static auto load(const std::uint8_t* at) {
        return hn::LoadU(Floats(), reinterpret_cast<const float*>(at));
    }
};
struct HalfRow {
    static constexpr std::size_t size = 2;
    HWY_INLINE static auto load(const std::uint8_t* at) {
        const hn::Rebind<hwy::float16_t, Floats> halves;
        return hn::PromoteTo(Floats(), hn::LoadU(halves, reinterpret_cast<const hwy::float16_t*>(at)));
    }
};
struct CodeRow {
    static constexpr std::size_t size = 1;
    HWY_INLINE static auto load(const std::uint8_t* at) {
        const hn::Rebind<std::uint8_t, Floats> codes;
        const hn::Rebind<std::int32_t, Floats> numbers;
        return hn::ConvertTo(Floats(), hn::PromoteTo(numbers, hn::LoadU(codes, at)));
    }
};

// The sum of each of four vectors: out[0..4).
template <class V, class Out, class D>
HWY_INLINE void store_sums(D d, V a, V b, V c, V e, Out* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_SCALAR
    static_cast<void>(d);
    out[0] = hn::GetLane(a);
    out[1] = hn::GetLane(b);
    out[2] = hn::GetLane(c);
    out[3] = hn::GetLane(e);
#else
    using T = hn::TFromD<D>;
    const hn::Repartition<std::uint64_t, D> pairs;
    const auto ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
    const auto ce = hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
    const auto low = hn::InterleaveLower(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, ce));
    const auto high = hn::InterleaveUpper(pairs, hn::BitCast(pairs, ab), hn::BitCast(pairs, ce));
    const auto sums = hn::Add(hn::BitCast(d, low), hn::BitCast(d, high));  // [a b c e] in each 128 bits
    const hn::CappedTag<T, 4> quad;
    if constexpr (HWY_MAX_BYTES >= 64) {
        const hn::Half<D> half;
        const hn::Half<decltype(half)> quarter;
        const auto halved = hn::Add(hn::LowerHalf(half, sums), hn::UpperHalf(half, sums));
        hn::StoreU(hn::Add(hn::LowerHalf(quarter, halved), hn::UpperHalf(quarter, halved)), quad, out);
    } else if constexpr (HWY_MAX_BYTES >= 32) {
        const hn::Half<D> half;
        hn::StoreU(hn::Add(hn::LowerHalf(half, sums), hn::UpperHalf(half, sums)), quad, out);
    } else {
        hn::StoreU(sums, quad, out);
    }
#endif
}

// What is left of a row behind the last whole vector, filled up with zeros.
template <class Row>
struct Tail {
    std::array<std::uint8_t, 64> bytes{};
    HWY_INLINE Tail(const std::uint8_t* row, std::size_t first, std::size_t size) {
        std::memcpy(bytes.data(), row + first * Row::size, (size - first) * Row::size);
    }
};

// out[0..4): the query with four rows.
template <class Row>
HWY_INLINE void dot4(const float* HWY_RESTRICT query, std::size_t size, const std::uint8_t* a,
                     const std::uint8_t* b, const std::uint8_t* c, const std::uint8_t* e,
                     float* HWY_RESTRICT out) {
    const Floats d;
    const std::size_t lanes = hn::Lanes(d);
    auto sum_a = hn::Zero(d), sum_b = hn::Zero(d), sum_c = hn::Zero(d), sum_e = hn::Zero(d);
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        const auto q = hn::LoadU(d, query + i);
        const std::size_t at = i * Row::size;
        sum_a = hn::MulAdd(q, Row::load(a + at), sum_a);
        sum_b = hn::MulAdd(q, Row::load(b + at), sum_b);
        sum_c = hn::MulAdd(q, Row::load(c + at), sum_c);
        sum_e = hn::MulAdd(q, Row::load(e + at), sum_e);
    }
    if (i < size) {
        std::array<float, 16> rest{};
        std::copy(query + i, query + size, rest.begin());
        const auto q = hn::LoadU(d, rest.data());
        sum_a = hn::MulAdd(q, Row::load(Tail<Row>(a, i, size).bytes.data()), sum_a);
        sum_b = hn::MulAdd(q, Row::load(Tail<Row>(b, i, size).bytes.data()), sum_b);
        sum_c = hn::MulAdd(q, Row::load(Tail<Row>(c, i, size).bytes.data()), sum_c);
        sum_e = hn::MulAdd(q, Row::load(Tail<Row>(e, i, size).bytes.data()), sum_e);
    }
    store_sums(d, sum_a, sum_b, sum_c, sum_e, out);
}

// out[0..4): signed bytes of the query with unsigned ones of four rows. size is a multiple of 64.
HWY_INLINE void byte_dot4(const std::int8_t* HWY_RESTRICT query, std::size_t size, const std::uint8_t* a,
                          const std::uint8_t* b, const std::uint8_t* c, const std::uint8_t* e,
                          std::int32_t* HWY_RESTRICT out) {
#if HWY_TARGET <= HWY_AVX3_DL  // also newer ones, which later releases of Highway know (ZEN4, SPR)
    const hn::CappedTag<std::int32_t, 16> d;
    auto sum_a = hn::Zero(d), sum_b = hn::Zero(d), sum_c = hn::Zero(d), sum_e = hn::Zero(d);
    for (std::size_t i = 0; i < size; i += 64) {
        const __m512i q = _mm512_loadu_si512(query + i);
        // VNNI's vpdpbusd, which Highway asks the CPU for but does not tell the compiler of. Nothing is
        // captured: clang before 16 does not let an asm have what a lambda captured.
        const auto add = [](auto& sum, __m512i row, __m512i by) {
            asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(row), "v"(by));
        };
        add(sum_a, _mm512_loadu_si512(a + i), q);
        add(sum_b, _mm512_loadu_si512(b + i), q);
        add(sum_c, _mm512_loadu_si512(c + i), q);
        add(sum_e, _mm512_loadu_si512(e + i), q);
    }
    store_sums(d, sum_a, sum_b, sum_c, sum_e, out);
#elif HWY_TARGET <= HWY_AVX2
    // Products are added in pairs of 16 bits (255 x 63 x 2 fits), the pairs to 32.
    const hn::CappedTag<std::int32_t, 8> d;
    const __m256i ones = _mm256_set1_epi16(1);
    const auto load = [](const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); };
    __m256i sum_a = _mm256_setzero_si256(), sum_b = sum_a, sum_c = sum_a, sum_e = sum_a;
    for (std::size_t i = 0; i < size; i += 32) {
        const __m256i q = load(query + i);
        const auto add = [&](__m256i& sum, const std::uint8_t* row) {
            const __m256i pairs = _mm256_maddubs_epi16(load(row + i), q);
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
        };
        add(sum_a, a);
        add(sum_b, b);
        add(sum_c, c);
        add(sum_e, e);
    }
    const __m256i ab = _mm256_hadd_epi32(sum_a, sum_b), ce = _mm256_hadd_epi32(sum_c, sum_e);
    const __m256i sums = _mm256_hadd_epi32(ab, ce);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out),
                     _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1)));
    static_cast<void>(d);
#elif HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
    const __m128i ones = _mm_set1_epi16(1);
    const auto load = [](const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); };
    __m128i sum_a = _mm_setzero_si128(), sum_b = sum_a, sum_c = sum_a, sum_e = sum_a;
    for (std::size_t i = 0; i < size; i += 16) {
        const __m128i q = load(query + i);
        const auto add = [&](__m128i& sum, const std::uint8_t* row) {
            sum = _mm_add_epi32(sum, _mm_madd_epi16(_mm_maddubs_epi16(load(row + i), q), ones));
        };
        add(sum_a, a);
        add(sum_b, b);
        add(sum_c, c);
        add(sum_e, e);
    }
    const __m128i sums = _mm_hadd_epi32(_mm_hadd_epi32(sum_a, sum_b), _mm_hadd_epi32(sum_c, sum_e));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), sums);
#else
    // Half as wide in bytes, so that they fill a vector once widened to 16 bits.
    const hn::CappedTag<std::int16_t, 32> d16;
    const hn::Rebind<std::uint8_t, decltype(d16)> du8;
    const hn::Rebind<std::int8_t, decltype(d16)> di8;
    const hn::RepartitionToWide<decltype(d16)> d32;
    const auto dot = [&](const std::uint8_t* row) {
        auto sum0 = hn::Zero(d32), sum1 = hn::Zero(d32);
        for (std::size_t i = 0; i < size; i += hn::Lanes(d16)) {
            const auto q = hn::PromoteTo(d16, hn::LoadU(di8, query + i));
            const auto r = hn::PromoteTo(d16, hn::LoadU(du8, row + i));
            sum0 = hn::ReorderWidenMulAccumulate(d32, q, r, sum0, sum1);
        }
        return hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1)));
    };
    out[0] = dot(a);
    out[1] = dot(b);
    out[2] = dot(c);
    out[3] = dot(e);
#endif
}

// Calls dot(row, row, row, row, out) for all rows in groups of four; the last group repeats its last row.
template <class Out, class RowAt, class Dot>
HWY_INLINE void in_groups(std::size_t count, Out* out, RowAt row_at, Dot dot) {
    std::size_t i = 0;
    for (; i + group <= count; i += group) {
        dot(i, row_at(i), row_at(i + 1), row_at(i + 2), row_at(i + 3), out + i);
    }
    if (i == count) return;
    std::array<Out, group> some;
    const auto clamped = [&](std::size_t at) { return row_at(std::min(at, count - 1)); };
    dot(i, clamped(i), clamped(i + 1), clamped(i + 2), clamped(i + 3), some.data());
    std::copy_n(some.begin(), count - i, out + i);
}

// The same of rows scattered over memory: those further on are on their way while four are worked on.
template <class Out, class Dot>
HWY_INLINE void in_scattered_groups(const std::uint8_t* rows, std::size_t row_bytes, const std::int32_t* ids,
                                    std::size_t count, Out* out, Dot dot) {
    const auto row_at = [&](std::size_t i) { return rows + static_cast<std::size_t>(ids[i]) * row_bytes; };
    for (std::size_t i = 0; i < std::min(rows_ahead, count); ++i) prefetch_row(row_at(i), row_bytes);
    in_groups(count, out, row_at, [&](std::size_t i, auto... arguments) {
        const std::size_t last = std::min(i + rows_ahead + group, count);
        for (std::size_t next = i + rows_ahead; next < last; ++next) prefetch_row(row_at(next), row_bytes);
        dot(arguments...);
    });
}

template <class Row>
void products(const float* query, std::size_t size, const std::uint8_t* rows, std::size_t count, float* out) {
    in_groups(
        count, out, [&](std::size_t i) { return rows + i * size * Row::size; },
        [&](std::size_t, auto... arguments) { dot4<Row>(query, size, arguments...); });
}

template <class Row>
void products_at(const float* query, std::size_t size, const std::uint8_t* rows, const std::int32_t* ids,
                 std::size_t count, float* out) {
    in_scattered_groups(rows, size * Row::size, ids, count, out,
                        [&](auto... arguments) { dot4<Row>(query, size, arguments...); });
}

void inner_products_kernel(const float* query, const RowMemory& rows, std::size_t first, std::size_t count,
                           float* out) {
    const std::uint8_t* start = rows.data + first * rows.row_bytes();
    switch (rows.storage) {
        case Storage::fp32:
            return products<FloatRow>(query, rows.dimension, start, count, out);
        case Storage::fp16:
            return products<HalfRow>(query, rows.dimension, start, count, out);
        case Storage::int8:
            return products<CodeRow>(query, rows.dimension, start, count, out);
    }
}

void inner_products_at_kernel(const float* query, const RowMemory& rows, const std::int32_t* ids,
                              std::size_t count, float* out) {
    switch (rows.storage) {
        case Storage::fp32:
            return products_at<FloatRow>(query, rows.dimension, rows.data, ids, count, out);
        case Storage::fp16:
            return products_at<HalfRow>(query, rows.dimension, rows.data, ids, count, out);
        case Storage::int8:
            return products_at<CodeRow>(query, rows.dimension, rows.data, ids, count, out);
    }
}

std::size_t byte_products_above_kernel(const std::int8_t* query, std::size_t size, const std::uint8_t* rows,
                                       std::size_t count, std::int32_t least, std::int32_t* found) {
    std::array<std::int32_t, group> products;
    std::size_t above = 0;
    for (std::size_t i = 0; i < count; i += group) {
        const auto row = [&](std::size_t at) { return rows + std::min(i + at, count - 1) * size; };
        byte_dot4(query, size, row(0), row(1), row(2), row(3), products.data());
#if HWY_TARGET != HWY_SCALAR
        const hn::CappedTag<std::int32_t, group> d;
        if (hn::AllTrue(d, hn::Lt(hn::LoadU(d, products.data()), hn::Set(d, least)))) continue;
#endif
        for (std::size_t at = 0; at < std::min(group, count - i); ++at) {
            found[above] = static_cast<std::int32_t>(i + at);
            above += products[at] >= least ? 1 : 0;
        }
    }
    return above;
}

void byte_products_at_kernel(const std::int8_t* query, std::size_t size, const std::uint8_t* rows,
                             const std::int32_t* ids, std::size_t count, std::int32_t* out) {
    in_scattered_groups(rows, size, ids, count, out,
                        [&](auto... arguments) { byte_dot4(query, size, arguments...); });
}

int largest_query_byte_kernel() {
    return (HWY_TARGET & (HWY_AVX3 | HWY_AVX2 | HWY_SSE4 | HWY_SSSE3)) != 0 ? 63 : 127;
}

void to_half_kernel(const float* values, std::size_t size, std::uint16_t* out) {
    const Floats d;
    const hn::Rebind<hwy::float16_t, Floats> halves;
    const std::size_t lanes = hn::Lanes(d);
    auto* target = reinterpret_cast<hwy::float16_t*>(out);
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        hn::StoreU(hn::DemoteTo(halves, hn::LoadU(d, values + i)), halves, target + i);
    }
    if (i == size) return;
    std::array<float, 16> rest{};
    std::array<hwy::float16_t, 16> rounded{};
    std::copy(values + i, values + size, rest.begin());
    hn::StoreU(hn::DemoteTo(halves, hn::LoadU(d, rest.data())), halves, rounded.data());
    std::copy_n(rounded.begin(), size - i, target + i);
}

void from_half_kernel(const std::uint8_t* halves, std::size_t size, float* out) {
    const Floats d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= size; i += lanes) hn::StoreU(HalfRow::load(halves + 2 * i), d, out + i);
    if (i == size) return;
    std::array<float, 16> rest{};
    hn::StoreU(HalfRow::load(Tail<HalfRow>(halves, i, size).bytes.data()), d, rest.data());
    std::copy_n(rest.begin(), size - i, out + i);
}

const char* name_kernel() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace clipsim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace clipsim {

namespace {
HWY_EXPORT(inner_products_kernel);
HWY_EXPORT(inner_products_at_kernel);
HWY_EXPORT(byte_products_above_kernel);
HWY_EXPORT(byte_products_at_kernel);
HWY_EXPORT(largest_query_byte_kernel);
HWY_EXPORT(to_half_kernel);
HWY_EXPORT(from_half_kernel);
HWY_EXPORT(name_kernel);
}  // namespace

void inner_products(std::span<const float> query, const RowMemory& rows, std::size_t first,
                    std::span<float> out) {
    HWY_DYNAMIC_DISPATCH(inner_products_kernel)(query.data(), rows, first, out.size(), out.data());
}

void inner_products_at(std::span<const float> query, const RowMemory& rows, std::span<const std::int32_t> ids,
                       float* out) {
    HWY_DYNAMIC_DISPATCH(inner_products_at_kernel)(query.data(), rows, ids.data(), ids.size(), out);
}

std::size_t byte_products_above(std::span<const std::int8_t> query, const std::uint8_t* rows,
                                std::size_t count, std::int32_t least, std::int32_t* found) {
    return HWY_DYNAMIC_DISPATCH(byte_products_above_kernel)(query.data(), query.size(), rows, count, least,
                                                            found);
}

void byte_products_at(std::span<const std::int8_t> query, const std::uint8_t* rows,
                      std::span<const std::int32_t> ids, std::int32_t* out) {
    HWY_DYNAMIC_DISPATCH(byte_products_at_kernel)
    (query.data(), query.size(), rows, ids.data(), ids.size(), out);
}

int largest_query_byte() {
    return HWY_DYNAMIC_DISPATCH(largest_query_byte_kernel)();
}

void to_half(std::span<const float> values, std::uint16_t* out) {
    HWY_DYNAMIC_DISPATCH(to_half_kernel)(values.data(), values.size(), out);
}

void from_half(const std::uint8_t* halves, std::span<float> out) {
    HWY_DYNAMIC_DISPATCH(from_half_kernel)(halves, out.size(), out.data());
}

const char* vector_instructions() {
    return HWY_DYNAMIC_DISPATCH(name_kernel)();
}

}  // namespace clipsim
#endif
