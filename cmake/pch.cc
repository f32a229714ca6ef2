// What CMake compiles cmake/pch.h with.
