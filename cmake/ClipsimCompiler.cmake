# Compiler settings every target shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # The sloppiness is what ccache asks for when a precompiled header is in use.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;${CCACHE_PROGRAM}")
endif()

# clipsim_compile_options: warnings and sanitizers of our own code, never of what we depend on.
add_library(clipsim_compile_options INTERFACE)
target_compile_options(clipsim_compile_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(CLIPSIM_WERROR)
    target_compile_options(clipsim_compile_options INTERFACE -Werror)
endif()
if(CLIPSIM_SANITIZE)
    add_compile_options(-fsanitize=${CLIPSIM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${CLIPSIM_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # With sanitizers on, GCC 12 warns about paths it made itself.
        target_compile_options(clipsim_compile_options INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
    endif()
endif()
if(CLIPSIM_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
