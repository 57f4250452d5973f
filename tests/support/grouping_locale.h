// A locale that writes 1234567.5 as 1.234.567,5, wherever the tests run: no locale has to be installed.
#pragma once

#include <locale>
#include <string>

namespace clipsim::testing {

class GroupingNumbers : public std::numpunct<char> {
  protected:
    char do_thousands_sep() const override { return '.'; }
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
};

inline std::locale grouping_locale() {
    return {std::locale::classic(), new GroupingNumbers};  // the locale owns its facet
}

// The program's locale while it lives.
class GroupingLocale {
  public:
    GroupingLocale() : before_(std::locale::global(grouping_locale())) {}
    ~GroupingLocale() { std::locale::global(before_); }
    GroupingLocale(const GroupingLocale&) = delete;
    GroupingLocale& operator=(const GroupingLocale&) = delete;

  private:
    std::locale before_;
};

}  // namespace clipsim::testing
