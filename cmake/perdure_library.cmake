# perdure_library(<name> [FLAT] [THREADED] [DEPS <targets>...] [TEST_DEPS <targets>...])
#
# Makes the library perdure_<name> of the *.cc files of this folder and below (FLAT: of this folder only), and the
# Catch2 program <name>_test, known to ctest, of its *_test.cc files. Files in a folder `testing/` make
# perdure_<name>_testing, which other folders' tests may name in TEST_DEPS. A folder without sources is fine.
# THREADED: the tests run more than one thread, so the thread sanitizer is worth its price.
# DEPS are public: whoever links this library links them too.
function(perdure_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "FLAT;THREADED" "" "DEPS;TEST_DEPS")
  set(glob GLOB_RECURSE)
  if(arg_FLAT)
    set(glob GLOB)
  endif()
  file(${glob} sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  file(GLOB testing CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/testing/*.cc")
  set(tests "${sources}")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/testing/[^/]*\\.cc$|/main\\.cc$")
  list(FILTER testing EXCLUDE REGEX "_test\\.cc$")

  perdure_static_library(perdure_${name} "${sources}" "${arg_DEPS}")
  perdure_static_library(perdure_${name}_testing "${testing}" "perdure_${name};Catch2::Catch2")

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE perdure_${name}_testing perdure_catch_main ${arg_TEST_DEPS})
    perdure_use_pch(${name}_test)
    perdure_add_test(${name}_test "${arg_THREADED}")
  endif()
endfunction()

# perdure_add_test(<program> <threaded> [<arguments>...]): makes a test program known to ctest and to the target
# `unit_tests`, which builds them all; with the thread sanitizer, only those that run threads.
function(perdure_add_test program threaded)
  if("thread" IN_LIST PERDURE_SANITIZE AND NOT threaded)
    return()
  endif()
  add_test(NAME ${program} COMMAND ${program} ${ARGN})
  set_tests_properties(${program} PROPERTIES TIMEOUT 600 ENVIRONMENT "${PERDURE_SANITIZER_ENVIRONMENT}")
  add_dependencies(unit_tests ${program})
endfunction()

# A static library of our own code, or an interface library where there are no sources yet.
function(perdure_static_library target sources deps)
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC perdure_options ${deps})
    perdure_use_pch(${target})
    set_target_properties(${target} PROPERTIES UNITY_BUILD "${PERDURE_UNITY}" UNITY_BUILD_BATCH_SIZE 8)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE perdure_options ${deps})
  endif()
endfunction()
