# One precompiled header for all of our own code: a file that includes the API's messages compiles in one second
# instead of seven. Its flags and definitions must be those of every target that uses it, so it links what base links.
option(PERDURE_PCH "Precompile the heavy headers" ON)

if(PERDURE_PCH)
  add_library(perdure_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cc")
  target_link_libraries(perdure_pch PRIVATE perdure_options perdure_protos ${PERDURE_BASE_DEPS})
  target_precompile_headers(perdure_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h")
endif()

# Such a target goes without ccache, which would hash the precompiled header's 380 MB for each file: that takes as long
# as compiling it.
function(perdure_use_pch target)
  if(PERDURE_PCH)
    target_precompile_headers(${target} REUSE_FROM perdure_pch)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "")
  endif()
endfunction()
