// Memory for large arrays that are read all over: at the start of a cache line, so that a row of 128 bytes
// touches two lines and not three, and in huge pages where the system has them, so that looking up addresses
// does not cost more than the reading.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <vector>

namespace clipsim {

template <typename T>
struct BigAllocator {
    using value_type = T;
    static constexpr std::size_t cache_line = 64;
    static constexpr std::size_t huge_page = std::size_t{2} << 20;

    BigAllocator() = default;
    template <typename U>
    explicit BigAllocator(const BigAllocator<U>& /*other*/) {}

    static std::align_val_t alignment(std::size_t bytes) {
        return std::align_val_t{bytes >= 2 * huge_page ? huge_page : cache_line};
    }
    T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        void* memory = ::operator new(bytes, alignment(bytes));
        if (bytes >= 2 * huge_page) ::madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) { ::operator delete(memory, alignment(count * sizeof(T))); }
    bool operator==(const BigAllocator& /*other*/) const { return true; }
};

template <typename T>
using BigVector = std::vector<T, BigAllocator<T>>;

}  // namespace clipsim
