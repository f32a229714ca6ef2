# What all of our own code is compiled with. The presets set PERDURE_FLAGS and PERDURE_SANITIZE; CMAKE_BUILD_TYPE
# stays empty, so that nothing else adds flags.

set(PERDURE_FLAGS "-O1 -g" CACHE STRING "Optimization and debug flags of our own code")
set(PERDURE_SANITIZE "" CACHE STRING "Sanitizers of our own code, as for -fsanitize")
# Most of a file's compilation goes into the headers and templates that its neighbours use as well.
option(PERDURE_UNITY "Compile our libraries several files at a time" ON)
option(PERDURE_FUZZ "Build the fuzz targets with libFuzzer; needs clang" OFF)
set(PERDURE_API_ARCHIVE "" CACHE FILEPATH "An already built library of the API protos, instead of building it")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "CCACHE_SLOPPINESS=pch_defines,time_macros" ${CCACHE})
endif()

add_library(perdure_options INTERFACE)
separate_arguments(flags UNIX_COMMAND "${PERDURE_FLAGS}")
# -pthread for all, because gRPC's target brings it and the precompiled header must be compiled alike.
# Workers in the field send fields that the API's protos call deprecated, and get them back.
target_compile_options(perdure_options INTERFACE ${flags} -pthread -Wall -Wextra -Werror -Wno-deprecated-declarations)
if(PERDURE_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Of files that are compiled together none is the main one, in which a type that is the file's own is in order.
  target_compile_options(perdure_options INTERFACE -Wno-subobject-linkage)
endif()
target_include_directories(perdure_options INTERFACE "${CMAKE_SOURCE_DIR}")
if(PERDURE_SANITIZE)
  # The standard library's own checks ride along; what they must not report of libraries stands in tests/sanitizers/.
  target_compile_options(perdure_options INTERFACE "-fsanitize=${PERDURE_SANITIZE}" -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
  # GCC warns falsely of instrumented code.
  target_compile_options(perdure_options INTERFACE -Wno-maybe-uninitialized)
  target_compile_definitions(perdure_options INTERFACE _GLIBCXX_ASSERTIONS)
  # Where the macro is defined protobuf's maps have two members more than in Debian's library and in the API's
  # messages. The standard library is told in its own words.
  if("${PERDURE_SANITIZE}" STREQUAL "thread")
    target_compile_options(perdure_options INTERFACE -U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
  target_link_options(perdure_options INTERFACE "-fsanitize=${PERDURE_SANITIZE}")
  # Beside the shared libasan GCC's shared libubsan writes to standard error, whatever its log_path says.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND PERDURE_SANITIZE MATCHES "undefined")
    target_link_options(perdure_options INTERFACE -static-libubsan)
  endif()
  set(suppressions "${CMAKE_SOURCE_DIR}/tests/sanitizers")
  set(PERDURE_SANITIZER_ENVIRONMENT
      "ASAN_OPTIONS=detect_stack_use_after_return=1"
      "LSAN_OPTIONS=suppressions=${suppressions}/lsan.txt:print_suppressions=0"
      "UBSAN_OPTIONS=print_stacktrace=1"
      "TSAN_OPTIONS=suppressions=${suppressions}/tsan.txt:halt_on_error=1:second_deadlock_stack=1")
  # For those that start the programs without ctest.
  list(JOIN PERDURE_SANITIZER_ENVIRONMENT "\n" lines)
  file(WRITE "${CMAKE_BINARY_DIR}/sanitizers.env" "${lines}\n")
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
