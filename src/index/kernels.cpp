#include "kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels.cpp"  // Highway compiles this file once for each set of instructions
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace clipsim {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Far enough ahead to hide a cache miss behind the rows in between.
constexpr std::size_t rows_ahead = 4;

template <typename T>
HWY_INLINE void prefetch_row(const T* row, std::size_t bytes) {
    const auto* line = reinterpret_cast<const std::uint8_t*>(row);
    for (std::size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch(line + offset);
}

// Four sums side by side: one chain of additions would wait for itself.
HWY_INLINE float dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::size_t size) {
    const hn::ScalableTag<float> d;
    const std::size_t lanes = hn::Lanes(d);
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
    std::size_t i = 0;
    for (; i + 4 * lanes <= size; i += 4 * lanes) {
        sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
        sum1 = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), sum1);
        sum2 = hn::MulAdd(hn::LoadU(d, a + i + 2 * lanes), hn::LoadU(d, b + i + 2 * lanes), sum2);
        sum3 = hn::MulAdd(hn::LoadU(d, a + i + 3 * lanes), hn::LoadU(d, b + i + 3 * lanes), sum3);
    }
    for (; i + lanes <= size; i += lanes) sum0 = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum0);
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
    for (; i < size; ++i) sum += a[i] * b[i];
    return sum;
}

// size is a multiple of 64.
HWY_INLINE std::int32_t byte_dot(const std::int8_t* HWY_RESTRICT query, const std::uint8_t* HWY_RESTRICT row,
                                 std::size_t size) {
#if HWY_TARGET == HWY_AVX3_DL
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t i = 0; i < size; i += 64) {
        // VNNI's vpdpbusd, which Highway asks the CPU for but does not tell the compiler of.
        asm("vpdpbusd %2, %1, %0"
            : "+v"(sum)
            : "v"(_mm512_loadu_si512(row + i)), "v"(_mm512_loadu_si512(query + i)));
    }
    return _mm512_reduce_add_epi32(sum);
#else
    // Half as wide in bytes, so that they fill a vector once widened to 16 bits: products of bytes added in
    // pairs would overflow those.
    const hn::CappedTag<std::int16_t, 32> d16;
    const hn::Rebind<std::uint8_t, decltype(d16)> du8;
    const hn::Rebind<std::int8_t, decltype(d16)> di8;
    const hn::RepartitionToWide<decltype(d16)> d32;
    const std::size_t lanes = hn::Lanes(d16);
    auto sum0 = hn::Zero(d32), sum1 = hn::Zero(d32);
    for (std::size_t i = 0; i < size; i += lanes) {
        const auto a = hn::PromoteTo(d16, hn::LoadU(di8, query + i));
        const auto b = hn::PromoteTo(d16, hn::LoadU(du8, row + i));
        sum0 = hn::ReorderWidenMulAccumulate(d32, a, b, sum0, sum1);
    }
    return hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum0, sum1)));
#endif
}

void inner_products_kernel(const float* query, std::size_t size, const float* rows, std::size_t count,
                           float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = dot(query, rows + i * size, size);
}

void inner_products_at_kernel(const float* query, std::size_t size, const float* rows,
                              const std::int32_t* ids, std::size_t count, float* out) {
    const auto row = [&](std::size_t i) { return rows + static_cast<std::size_t>(ids[i]) * size; };
    for (std::size_t i = 0; i < std::min(rows_ahead, count); ++i) prefetch_row(row(i), size * sizeof(float));
    for (std::size_t i = 0; i < count; ++i) {
        if (i + rows_ahead < count) prefetch_row(row(i + rows_ahead), size * sizeof(float));
        out[i] = dot(query, row(i), size);
    }
}

void byte_products_at_kernel(const std::int8_t* query, std::size_t size, const std::uint8_t* rows,
                             const std::int32_t* ids, std::size_t count, std::int32_t* out) {
    const auto row = [&](std::size_t i) { return rows + static_cast<std::size_t>(ids[i]) * size; };
    for (std::size_t i = 0; i < std::min(rows_ahead, count); ++i) prefetch_row(row(i), size);
    for (std::size_t i = 0; i < count; ++i) {
        if (i + rows_ahead < count) prefetch_row(row(i + rows_ahead), size);
        out[i] = byte_dot(query, row(i), size);
    }
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
HWY_EXPORT(byte_products_at_kernel);
HWY_EXPORT(name_kernel);
}  // namespace

void inner_products(std::span<const float> query, const float* rows, std::span<float> out) {
    HWY_DYNAMIC_DISPATCH(inner_products_kernel)(query.data(), query.size(), rows, out.size(), out.data());
}

void inner_products_at(std::span<const float> query, const float* rows, std::span<const std::int32_t> ids,
                       float* out) {
    HWY_DYNAMIC_DISPATCH(inner_products_at_kernel)
    (query.data(), query.size(), rows, ids.data(), ids.size(), out);
}

void byte_products_at(std::span<const std::int8_t> query, const std::uint8_t* rows,
                      std::span<const std::int32_t> ids, std::int32_t* out) {
    HWY_DYNAMIC_DISPATCH(byte_products_at_kernel)
    (query.data(), query.size(), rows, ids.data(), ids.size(), out);
}

const char* vector_instructions() {
    return HWY_DYNAMIC_DISPATCH(name_kernel)();
}

}  // namespace clipsim
#endif
