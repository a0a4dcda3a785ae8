# How everything is compiled: flags, sanitizers, precompiled header, linker,
# and the functions that declare our targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# A static library does not wait for the libraries it uses to be archived.
set(CMAKE_OPTIMIZE_DEPENDENCIES ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Executables too, so that all can share the precompiled header.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE "-fPIC")

# Dev: quick to compile, line numbers in stack traces, assertions on.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_DEV "-O1 -g1" CACHE STRING "" FORCE)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG" CACHE STRING "" FORCE)
# Sanitize: the sanitizers' own code more than doubles what the optimiser has to read. Clang
# compiles it in half the time that GCC takes, and sees -Wthread-safety on the way.
set(CMAKE_CXX_FLAGS_SANITIZE "-O0 -g1" CACHE STRING "" FORCE)
set(CMAKE_C_FLAGS_SANITIZE "-O0 -g1" CACHE STRING "" FORCE)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev)
endif()

set(SOCKEL_SANITIZE "" CACHE STRING "Value for -fsanitize, empty for none")
option(SOCKEL_TIDY "Run clang-tidy on every file" OFF)
option(SOCKEL_COVERAGE "Count executed lines" OFF)

add_library(sockel_flags INTERFACE)
target_include_directories(sockel_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(sockel_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # GCC's -Wconversion leaves signedness out for C++; Clang's does not.
  target_compile_options(sockel_flags INTERFACE -Wthread-safety -Wno-sign-conversion)
endif()

if(SOCKEL_SANITIZE)
  add_compile_options(-fsanitize=${SOCKEL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SOCKEL_SANITIZE})
endif()
if(SOCKEL_SANITIZE STREQUAL "thread")
  # In each program: see the file.
  add_library(sockel_abseil_for_tsan OBJECT
    "${CMAKE_SOURCE_DIR}/common/testing/abseil_for_tsan.cc")
endif()
if(SOCKEL_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(SOCKEL_TIDY)
  find_program(CLANG_TIDY NAMES clang-tidy-14 clang-tidy REQUIRED)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT SOCKEL_TIDY)
  # The precompiled header needs these three relaxations to be cacheable.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# What ccache needs to know of a precompiled header: that it is there (GCC), or
# its content instead of its time (Clang).
function(_sockel_cacheable_pch target)
  if(NOT CCACHE OR SOCKEL_TIDY)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# One precompiled header for all our targets (see common/cmake/pch.h).
function(_sockel_common target)
  target_link_libraries(${target} PUBLIC sockel_flags)
  if(NOT SOCKEL_TIDY AND NOT target STREQUAL sockel_pch)
    target_precompile_headers(${target} REUSE_FROM sockel_pch)
    target_link_libraries(${target} PRIVATE sockel_third_party_includes)
  endif()
  if(SOCKEL_TIDY)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "${CLANG_TIDY}")
  endif()
  _sockel_cacheable_pch(${target})
endfunction()

# sockel_library(pg SOURCES a.cc DEPS sockel::log PRIVATE_DEPS …): a static
# library sockel_pg with the alias sockel::pg.
function(sockel_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(sockel_${name} STATIC ${ARG_SOURCES})
  add_library(sockel::${name} ALIAS sockel_${name})
  _sockel_common(sockel_${name})
  target_link_libraries(sockel_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

function(_sockel_program target)
  _sockel_common(${target})
  if(TARGET sockel_abseil_for_tsan)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:sockel_abseil_for_tsan>)
  endif()
endfunction()

# sockel_binary(sockel-efile SOURCES main.cc DEPS …)
function(sockel_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  _sockel_program(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
endfunction()

# Every test binary: `cmake --build … --target sockel_tests`.
add_custom_target(sockel_tests)

# sockel_test(pg_test SOURCES a_test.cc DEPS …): a GoogleTest binary, one ctest
# entry. Its main and the private database are those of sockel::testing, so
# that `ctest` alone works too.
function(sockel_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  _sockel_program(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} sockel::testing GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test")
  add_test(NAME ${name} COMMAND ${name})
  add_dependencies(sockel_tests ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

# sockel_embed(target NAMESPACE sockel::efile SYMBOL kMigrations FILES …): puts
# the files' text into the binary as `absl::Span<const EmbeddedFile> Symbol()`.
function(sockel_embed target)
  cmake_parse_arguments(ARG "" "NAMESPACE;FUNCTION;HEADER" "FILES" ${ARGN})
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${ARG_HEADER}")
  set(paths)
  foreach(file ${ARG_FILES})
    list(APPEND paths "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${out}.cc"
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${paths}" -DNS=${ARG_NAMESPACE}
            -DFUNCTION=${ARG_FUNCTION} -DHEADER=${ARG_HEADER} -P "${CMAKE_SOURCE_DIR}/common/cmake/Embed.cmake"
    DEPENDS ${paths} "${CMAKE_SOURCE_DIR}/common/cmake/Embed.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${out}.cc")
endfunction()
