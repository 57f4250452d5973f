# `cmake --install`: the program, the headers that clipsim.h needs, the static libraries with a CMake package, LibTorch
# where the set-up downloaded it for this build, and the small model.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(plugin_destination "${CMAKE_INSTALL_LIBDIR}/clipsim")
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/clipsim")
install(TARGETS clipsim_core clipsim_hub clipsim_image clipsim_codecs clipsim_pictures clipsim_text clipsim_data
                clipsim_distributed clipsim_weights clipsim_model_families clipsim_model clipsim_train clipsim_vectors clipsim_index
                clipsim_index_folder clipsim_index_postgres clipsim_index_open
                clipsim_search clipsim_pipeline
        EXPORT clipsimTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT clipsimTargets NAMESPACE clipsim:: DESTINATION "${package_dir}")
install(DIRECTORY models DESTINATION "${CMAKE_INSTALL_DATADIR}/clipsim")

# Of the headers only clipsim.h and what it includes, found when it is installed.
install(CODE "set(source \"${PROJECT_SOURCE_DIR}/include\")\nset(destination \"${CMAKE_INSTALL_INCLUDEDIR}\")")
install(SCRIPT cmake/install_headers.cmake)

# A LibTorch within the folders of this build is installed beside the program, for those folders may go; one that was
# there before stays where it is. The layout is the wheel's, in which a CUDA build finds NVIDIA's libraries.
get_filename_component(libtorch_lib "${LibTorch_CPU_LIBRARY}" DIRECTORY)
get_filename_component(libtorch_lib "${libtorch_lib}" REALPATH)
cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH made)
cmake_path(IS_PREFIX PROJECT_SOURCE_DIR "${libtorch_lib}" in_checkout)
cmake_path(IS_PREFIX made "${libtorch_lib}" in_build)
if(in_checkout OR in_build)
    set(libtorch_destination "${CMAKE_INSTALL_LIBDIR}/clipsim/torch/lib")
    install(DIRECTORY "${libtorch_lib}/" DESTINATION "${libtorch_destination}" USE_SOURCE_PERMISSIONS
            FILES_MATCHING PATTERN "*.so*" PATTERN "*python*" EXCLUDE PATTERN "*_test.so" EXCLUDE)
    if(EXISTS "${libtorch_lib}/../../nvidia")
        install(DIRECTORY "${libtorch_lib}/../../nvidia" DESTINATION "${CMAKE_INSTALL_LIBDIR}/clipsim"
                USE_SOURCE_PERMISSIONS FILES_MATCHING PATTERN "*.so*")
    endif()
    file(RELATIVE_PATH libtorch_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${libtorch_destination}")
    set(run_path "$ORIGIN/${libtorch_from_bin}")
else()
    set(libtorch_destination "${libtorch_lib}")
    set(run_path "${libtorch_lib}")
endif()
file(RELATIVE_PATH plugins_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}/clipsim")
set_target_properties(clipsim PROPERTIES INSTALL_RPATH "${run_path};$ORIGIN/${plugins_from_bin}")
install(TARGETS clipsim RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

configure_package_config_file(cmake/clipsimConfig.cmake.in "${PROJECT_BINARY_DIR}/clipsimConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}" PATH_VARS libtorch_destination plugin_destination)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/clipsimConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/clipsimConfig.cmake" "${PROJECT_BINARY_DIR}/clipsimConfigVersion.cmake"
              cmake/FindUtf8proc.cmake
        DESTINATION "${package_dir}")
