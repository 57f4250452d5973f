// What an error says, for tests of its words.
#pragma once

#include <string>

namespace clipsim::testing {

// What `work` throws, or "" when it throws nothing; an exception of another kind fails the test.
template <typename Exception, typename Work>
std::string message_of(Work&& work) {
    try {
        work();
    } catch (const Exception& error) {
        return error.what();
    }
    return {};
}

}  // namespace clipsim::testing
