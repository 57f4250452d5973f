#include "retry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace clipsim::testing {
namespace {

using namespace std::chrono_literals;

TEST(RetryAfter, IsSecondsOrADate) {
    EXPECT_EQ(parse_retry_after("120"), 120s);
    EXPECT_EQ(parse_retry_after("0"), 0s);
    EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), 0s) << "that is over";
    EXPECT_GT(*parse_retry_after("Fri, 31 Dec 2100 23:59:59 GMT"), 24h);
    for (const char* text : {"", "soon", "-3", "1.5x"}) EXPECT_FALSE(parse_retry_after(text)) << text;
    EXPECT_GT(*parse_retry_after("9000000000000000000"), 24h) << "no overflow";
}

TEST(Retries, WaitTwiceAsLongEachTimeAndAsLongAsAsked) {
    std::vector<std::chrono::milliseconds> delays;
    const RetryPolicy policy{5, 1s, 300s, [&](auto delay) { delays.push_back(delay); }};
    Retries retries(policy, {});
    const RetryableError plain("busy");
    retries.wait(plain);
    retries.wait(plain);
    retries.wait(RetryableError("busy", 30s));
    retries.wait(plain);
    EXPECT_EQ(delays, (std::vector<std::chrono::milliseconds>{1s, 2s, 30s, 8s}));
    EXPECT_THROW(retries.wait(plain), Error);
    retries.reset();
    retries.wait(plain);
    EXPECT_EQ(delays.back(), 1s);
}

TEST(Retries, EndWithCtrlC) {
    std::stop_source stop;
    const RetryPolicy policy{5, 1h, 2h, {}};
    Retries retries(policy, stop.get_token());
    const std::jthread user([&] { stop.request_stop(); });
    EXPECT_THROW(retries.wait(RetryableError("busy")), Interrupted);
}

}  // namespace
}  // namespace clipsim::testing
