# clipsim_plugin(NAME SOURCES ... LINK ...): a library that the program loads when it first needs it (core/shared_library.h).
# Programs look for it by their run path: those of the build in the build, clipsim and users of the package where it is
# installed (see ClipsimInstall.cmake and clipsimConfig.cmake.in).
include(GNUInstallDirs)
set(CLIPSIM_PLUGIN_DIR "${PROJECT_BINARY_DIR}/plugins")
list(APPEND CMAKE_BUILD_RPATH "${CLIPSIM_PLUGIN_DIR}")

function(clipsim_plugin name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_library(clipsim_${name} MODULE ${ARG_SOURCES})
    target_link_libraries(clipsim_${name} PRIVATE ${ARG_LINK} clipsim_compile_options)
    set_target_properties(clipsim_${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CLIPSIM_PLUGIN_DIR}")
    install(TARGETS clipsim_${name} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/clipsim")
endfunction()
