# `cmake --install`: the program, the headers, the static libraries and a CMake package, and the small model.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/clipsim")
install(TARGETS clipsim_core clipsim_hub clipsim_image clipsim_codecs clipsim_pictures clipsim_text clipsim_data
                clipsim_distributed clipsim_weights clipsim_model clipsim_train clipsim_vectors clipsim_index
                clipsim_index_folder clipsim_index_postgres clipsim_index_open
                clipsim_search clipsim_pipeline
        EXPORT clipsimTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT clipsimTargets NAMESPACE clipsim:: DESTINATION "${package_dir}")
install(DIRECTORY include/clipsim DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY models DESTINATION "${CMAKE_INSTALL_DATADIR}/clipsim")

configure_package_config_file(cmake/clipsimConfig.cmake.in "${PROJECT_BINARY_DIR}/clipsimConfig.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/clipsimConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/clipsimConfig.cmake" "${PROJECT_BINARY_DIR}/clipsimConfigVersion.cmake"
              cmake/FindLibTorch.cmake cmake/FindUtf8proc.cmake
        DESTINATION "${package_dir}")
