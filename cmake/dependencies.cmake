# Libraries from Debian's packages (scripts/install_packages.sh).

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(civetweb CONFIG REQUIRED)  # which the package of prometheus-cpp names
find_package(CLI11 CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(Boost 1.74 REQUIRED)  # Beast: headers only
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Catch2 CONFIG REQUIRED)
find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
find_library(NGHTTP2_LIBRARY nghttp2 REQUIRED)

# yaml-cpp 0.7 exports a plain library name.
add_library(perdure_yaml INTERFACE)
target_link_libraries(perdure_yaml INTERFACE yaml-cpp)

# The programs' allocator. A sanitizer brings its own.
add_library(perdure_allocator INTERFACE)
if(NOT PERDURE_SANITIZE)
  target_link_libraries(perdure_allocator INTERFACE "-Wl,--push-state,--no-as-needed" "${JEMALLOC_LIBRARY}"
                                                    "-Wl,--pop-state")
endif()

# What every target of ours may use.
set(PERDURE_BASE_DEPS
    absl::any_invocable absl::btree absl::cord absl::flat_hash_map absl::flat_hash_set absl::inlined_vector
    absl::span absl::status absl::statusor absl::strings absl::time
    fmt::fmt spdlog::spdlog OpenSSL::Crypto Threads::Threads)
