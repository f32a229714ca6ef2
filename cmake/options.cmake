# What all of our own code is compiled with. The presets set PERDURE_FLAGS and PERDURE_SANITIZE; CMAKE_BUILD_TYPE
# stays empty, so that nothing else adds flags.

set(PERDURE_FLAGS "-O1 -g" CACHE STRING "Optimization and debug flags of our own code")
set(PERDURE_SANITIZE "" CACHE STRING "Sanitizers of our own code, as for -fsanitize")
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
target_compile_options(perdure_options INTERFACE ${flags} -Wall -Wextra -Werror)
target_include_directories(perdure_options INTERFACE "${CMAKE_SOURCE_DIR}")
if(PERDURE_SANITIZE)
  # The standard library's own checks ride along; the sanitizers' run-time options are in tests/sanitizers/.
  target_compile_options(perdure_options INTERFACE "-fsanitize=${PERDURE_SANITIZE}" -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
  target_compile_definitions(perdure_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_link_options(perdure_options INTERFACE "-fsanitize=${PERDURE_SANITIZE}")
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
