#include "clipsim/model/device_memory.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <new>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// LibTorch's CPU allocator throws a plain c10::Error with this text.
bool is_cpu_allocation_failure(const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    return text.find("DefaultCPUAllocator: can't allocate memory") != std::string::npos ||
           text.find("DefaultCPUAllocator: not enough memory") != std::string::npos;
}

}  // namespace

bool fits_in_memory(const std::function<void()>& work) {
    try {
        work();
        return true;
    } catch (const c10::OutOfMemoryError&) {
        return false;
    } catch (const std::bad_alloc&) {
        return false;
    } catch (const c10::Error& error) {
        if (is_cpu_allocation_failure(error)) return false;
        log_debug(concat("LibTorch says: ", printable(error.what_without_backtrace())));
        throw Error(
            "LibTorch, which computes the model, failed; try --device cpu, and please report it with the "
            "output of "
            "the same command and --log-level debug");
    }
}

void for_each_batch_that_fits(std::int64_t count, std::int64_t& batch_size,
                              const std::function<void(std::int64_t start, std::int64_t size)>& work) {
    batch_size = std::max<std::int64_t>(1, batch_size);
    for (std::int64_t start = 0; start < count;) {
        const std::int64_t size = std::min(batch_size, count - start);
        if (fits_in_memory([&] { work(start, size); })) {
            start += size;
            continue;
        }
        if (size == 1) {
            throw OutOfMemoryError(
                "the device has no memory left for a single image; use --device cpu or a smaller model.clip");
        }
        batch_size = size / 2;
        log_warning(concat("out of device memory: continuing with batches of ", batch_size));
    }
}

}  // namespace clipsim
