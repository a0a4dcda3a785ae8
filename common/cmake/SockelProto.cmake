# Generated code, once per proto package. The annotations of google/api and
# google/rpc come pinned from a package registry (protos/requirements.txt).
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

set(SOCKEL_GOOGLEAPIS "${CMAKE_BINARY_DIR}/third_party/googleapis" CACHE PATH
    "Folder that holds google/api/*.proto; fetched if absent")
if(NOT EXISTS "${SOCKEL_GOOGLEAPIS}/google/api/annotations.proto")
  message(STATUS "Fetching the google/api protos into ${SOCKEL_GOOGLEAPIS}")
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -m pip install --quiet --no-deps --require-hashes
            --no-compile --target "${SOCKEL_GOOGLEAPIS}" -r "${CMAKE_SOURCE_DIR}/protos/requirements.txt"
    RESULT_VARIABLE failed ERROR_VARIABLE output)
  if(failed)
    message(FATAL_ERROR "Could not fetch the google/api protos with pip: ${output}")
  endif()
endif()

# sockel_proto_library(sockel_efile_v1_proto PROTOS sockel/efile/v1/a.proto …
#                      ROOT dir DEPS …)
function(sockel_proto_library name)
  cmake_parse_arguments(ARG "NO_GRPC" "ROOT" "PROTOS;DEPS" ${ARGN})
  set(gen "${CMAKE_BINARY_DIR}/gen")
  set(sources)
  foreach(proto ${ARG_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(outputs "${gen}/${stem}.pb.cc" "${gen}/${stem}.pb.h")
    set(plugin_args)
    if(NOT ARG_NO_GRPC)
      list(APPEND outputs "${gen}/${stem}.grpc.pb.cc" "${gen}/${stem}.grpc.pb.h")
      set(plugin_args --grpc_out=${gen} --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN})
    endif()
    file(MAKE_DIRECTORY "${gen}")
    add_custom_command(
      OUTPUT ${outputs}
      COMMAND protobuf::protoc --cpp_out=${gen} ${plugin_args}
              -I "${CMAKE_SOURCE_DIR}/protos" -I "${SOCKEL_GOOGLEAPIS}" -I "${ARG_ROOT}" "${ARG_ROOT}/${proto}"
      DEPENDS "${ARG_ROOT}/${proto}"
      VERBATIM)
    list(APPEND sources ${outputs})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} SYSTEM PUBLIC "${gen}")
  target_compile_options(${name} PRIVATE -w)
  if(SOCKEL_SANITIZE)
    # protoc's code is not what is looked for, and a third of what is compiled.
    target_compile_options(${name} PRIVATE -fno-sanitize=all)
  endif()
  target_link_libraries(${name} PUBLIC sockel_third_party_includes ${ARG_DEPS})
  # Not a unity build: protoc's files of one package share static names.
  if(NOT SOCKEL_TIDY AND NOT SOCKEL_SANITIZE)
    target_precompile_headers(${name} REUSE_FROM sockel_pch)
  endif()
  _sockel_cacheable_pch(${name})
endfunction()
