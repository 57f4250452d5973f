# clipsim_module(NAME SOURCES ... [FOLDERS ...] PUBLIC ... PRIVATE ...): a module is one static library, clipsim_NAME
# (alias clipsim::NAME), that sees only what it names. An include it has no dependency for does not compile.
# A module may lie within another's folder: index/folder is clipsim_index_folder, and neither sees the other's headers
# unasked; FOLDERS names the folders of headers that are the module's own. TORCH_PCH shares the precompiled torch header.
function(clipsim_module path)
    cmake_parse_arguments(ARG "TORCH_PCH" "" "SOURCES;FOLDERS;PUBLIC;PRIVATE" ${ARGN})
    string(REPLACE "/" "_" name "${path}")
    add_library(clipsim_${name} STATIC ${ARG_SOURCES})
    add_library(clipsim::${name} ALIAS clipsim_${name})
    set_target_properties(clipsim_${name} PROPERTIES EXPORT_NAME ${name})
    # The public headers of a module, and of no module within it, are staged in a folder of their own, so that seeing
    # one module does not mean seeing all.
    set(stage "${PROJECT_BINARY_DIR}/include/${name}")
    file(REMOVE_RECURSE "${stage}")
    foreach(folder "${path}" ${ARG_FOLDERS})
        if(NOT folder STREQUAL path)
            string(PREPEND folder "${path}/")
        endif()
        file(MAKE_DIRECTORY "${stage}/clipsim/${folder}")
        file(GLOB headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/clipsim/${folder}/*.h")
        foreach(header IN LISTS headers)
            get_filename_component(file "${header}" NAME)
            file(CREATE_LINK "${header}" "${stage}/clipsim/${folder}/${file}" SYMBOLIC)
        endforeach()
    endforeach()
    target_include_directories(clipsim_${name} PUBLIC $<BUILD_INTERFACE:${stage}> $<INSTALL_INTERFACE:include>
                               PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
    target_compile_features(clipsim_${name} PUBLIC cxx_std_20)  # also of those who link the installed library
    target_link_libraries(clipsim_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
                          $<BUILD_INTERFACE:clipsim_compile_options>)
    if(ARG_TORCH_PCH)
        clipsim_use_torch_pch(clipsim_${name})
    endif()
endfunction()

# Every target with torch in it reuses one precompiled header: it costs half a minute to build, once. Each file that
# includes it still spends ten seconds on torch's templates; with CLIPSIM_TORCH_UNITY a batch of files spends them once.
function(clipsim_use_torch_pch target)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL EXECUTABLE)
        # CMake would compile a program with -fpie, and a precompiled header fits one setting alone: the libraries'.
        set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
        target_compile_options(${target} PRIVATE -fPIC)
    endif()
    target_precompile_headers(${target} REUSE_FROM clipsim_torch_pch)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 14)
        # vector<bool>::reserve, as LibTorch's own Function::apply calls it, seems out of bounds to GCC 14 (its bug 110498).
        target_compile_options(${target} PRIVATE -Wno-array-bounds -Wno-stringop-overflow)
    endif()
    if(CLIPSIM_TORCH_UNITY)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    endif()
endfunction()

# clipsim_without_torch(FILES...): sources of such a target, in this folder, that do without torch and its costs.
function(clipsim_without_torch)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
