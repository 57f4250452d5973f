// A library of clipsim's own that is loaded when it is first wanted, so that what it needs costs no other run
// anything.
#pragma once

#include <string>

namespace clipsim {

// Loads lib<name>.so from the folders that the program was linked to look in (cmake/ClipsimPlugin.cmake) and
// returns the address of its function `symbol`; the library stays loaded. Throws Error that says what could
// not be loaded. Thread-safe.
void* plugin_symbol(const std::string& name, const char* symbol);

}  // namespace clipsim
