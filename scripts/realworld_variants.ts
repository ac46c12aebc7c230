/**
 * Projects that are configured before they are built, as data: by which build system, in which variants.
 *
 * @module
 */
import { copyFolder, crates, fetchCrate } from "./realworld_sources.ts";

/** How the cache comes before the compilers. */
export type Entry =
  | "plain"
  /** As a word before the compiler: CMAKE_CXX_COMPILER_LAUNCHER, CC="zccache gcc". */
  | "word"
  /** `zccache run -- cmake ...`, for configuring as for building. */
  | "run";

/** What a configuration is made of. */
export interface Wanted {
  source: string;
  compiler: string;
  variant: Variant;
  /** The executable, where it is a word before the compiler. */
  launcher?: string;
}

/** A build system, used as its users do. All commands run in the build's folder. */
export interface System {
  configure(wanted: Wanted): string[];
  build: string[];
  clean: string[];
  /** Files that hold times, or the words before the compiler; they are not compared. */
  spared: RegExp;
  /** Prints what the build system has read from depfiles, if it keeps that to itself. */
  depends?: string[];
}

/** One way to configure. */
export interface Variant {
  name: string;
  words: string[];
  /**
   * Only with this compiler. A seed where gcc's own names are random, so that two plain builds are equal.
   */
  only?: Record<string, string[]>;
  /** It is a matter of these compilers alone. */
  compilers?: string[];
  /** Files that are not the same in two plain builds either; what reads them still is. */
  loose?: Record<string, RegExp>;
  /** How many compiles are of assembler, which each tree makes for itself. */
  unshared?: number;
  /** Why a build in a tree that was configured anew cannot hit everything. */
  freshMisses?: Record<string, string>;
  /**
   * In each way through the cache (so unless said otherwise), in two folders with the same sources, or in two that
   * share by ZCCACHE_PATH_REMAP.
   */
  journey?: "ways" | "trees" | "shared";
}

/** A project with a configuration. */
export interface ConfiguredProject {
  name: string;
  what: string;
  system: System;
  /** Brings the sources into the (empty) folder. */
  fetch(into: string, scratch: string): void;
  /** A header that a part of the units include. */
  header: string;
  /** The first is what is built unless somebody asks for more. */
  variants: Variant[];
}

const cxx: Record<string, string> = { gcc: "g++", clang: "clang++" };

const cmake: System = {
  configure: ({ source, compiler, variant, launcher }) => [
    "cmake",
    "-G",
    "Ninja",
    "-S",
    source,
    "-B",
    ".",
    `-DCMAKE_C_COMPILER=${compiler}`,
    `-DCMAKE_CXX_COMPILER=${cxx[compiler]}`,
    ...["C", "CXX"].flatMap((language) =>
      launcher === undefined ? [] : [
        `-DCMAKE_${language}_COMPILER_LAUNCHER=${launcher}`,
        `-DCMAKE_${language}_LINKER_LAUNCHER=${launcher}`,
      ]
    ),
    ...variant.words,
    ...variant.only?.[compiler] ?? [],
  ],
  build: ["cmake", "--build", ".", "--parallel", "2"],
  clean: ["cmake", "--build", ".", "--target", "clean"],
  spared:
    /\/(?:CMakeCache\.txt|(?:build|rules)\.ninja|\.ninja_(?:log|deps)|DartConf.*\.tcl|CMake\w+\.log|CMakeFiles\/[0-9.]+\/.*)$/,
  depends: ["ninja", "-t", "deps"],
};

const autotools: System = {
  configure: ({ source, compiler, variant, launcher }) => [
    "sh",
    `${source}/configure`,
    `CC=${launcher === undefined ? "" : `${launcher} `}${compiler}`,
    ...variant.words,
    ...variant.only?.[compiler] ?? [],
  ],
  build: ["make", "-j2", "--no-print-directory"],
  clean: ["make", "--no-print-directory", "clean"],
  spared: /\/(?:config\.(?:log|status)|Makefile|libtool)$/,
};

const host = `#include <iostream>
#include "absl/container/flat_hash_map.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/log/log.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
ABSL_FLAG(int, most, 3, "how many");
int main(int argc, char **argv) {
  absl::ParseCommandLine(argc, argv);
  absl::BitGen random;
  absl::flat_hash_map<std::string, int> map;
  for (int i = 0; i < absl::GetFlag(FLAGS_most); i++) map[absl::StrCat("x", i)] = absl::Uniform(random, 0, 9);
  LOG(INFO) << absl::FormatTime(absl::Now()) << map.size();
}
`;

const lists = `cmake_minimum_required(VERSION 3.16)
project(host LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_POLICY_DEFAULT_CMP0069 NEW)
set(ABSL_PROPAGATE_CXX_STD ON)
add_subdirectory(abseil)
add_executable(host host.cc)
target_link_libraries(host PRIVATE absl::flags absl::flags_parse absl::flat_hash_map absl::log absl::random_random
  absl::strings absl::time)
if(PRECOMPILE)
  foreach(target host absl_base absl_strings absl_cord absl_time absl_synchronization absl_flags_internal
      absl_status absl_log_internal_message absl_str_format_internal)
    target_precompile_headers(\${target} PRIVATE <algorithm> <memory> <string> <vector>)
  endforeach()
endif()
`;

/** All of them, in the order in which they are built. */
export const configuredProjects: ConfiguredProject[] = [
  {
    name: "abseil",
    what: "Abseil by CMake and Ninja: 129 units of C++, each library an archive or a shared library",
    system: cmake,
    fetch(into, scratch) {
      const crate = fetchCrate(crates.abseil, scratch);
      copyFolder(`${crate}/protobuf/third_party/abseil-cpp`, `${into}/abseil`);
      Deno.writeTextFileSync(`${into}/CMakeLists.txt`, lists);
      Deno.writeTextFileSync(`${into}/host.cc`, host);
    },
    header: "abseil/absl/strings/match.h",
    variants: [
      { name: "debug", words: ["-DCMAKE_BUILD_TYPE=Debug"] },
      { name: "release", words: ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON"] },
      {
        name: "lto",
        words: ["-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON"],
        only: { gcc: ["-DCMAKE_CXX_FLAGS=-frandom-seed=1"] },
      },
      {
        name: "coverage",
        words: ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS=--coverage"],
        only: { gcc: ["-DCMAKE_CXX_FLAGS=--coverage -frandom-seed=1"] },
      },
      {
        name: "pch",
        words: ["-DCMAKE_BUILD_TYPE=Debug", "-DPRECOMPILE=ON"],
        loose: { gcc: /\.gch$/, clang: /\.pch$/ },
        freshMisses: { clang: "the precompiled header holds the time of the header that CMake has written" },
      },
      {
        name: "pch-timeless",
        words: [
          "-DCMAKE_BUILD_TYPE=Debug",
          "-DPRECOMPILE=ON",
          "-DCMAKE_CXX_FLAGS=-Xclang -fno-pch-timestamp",
        ],
        compilers: ["clang"],
        loose: { clang: /\.pch$/ },
      },
      { name: "trees", words: ["-DCMAKE_BUILD_TYPE=Debug"], journey: "trees" },
      { name: "shared", words: ["-DCMAKE_BUILD_TYPE=Debug"], journey: "shared" },
    ],
  },
  {
    name: "sodium",
    what: "libsodium by its configure, libtool and make: 212 compiles",
    system: autotools,
    fetch(into, scratch) {
      copyFolder(`${fetchCrate(crates.sodium, scratch)}/libsodium`, into);
    },
    header: "src/libsodium/include/sodium/private/ed25519_ref10.h",
    variants: [
      { name: "release", words: [] },
      { name: "debug", words: ["CFLAGS=-g -O0"] },
      {
        name: "lto",
        words: ["CFLAGS=-O2 -flto"],
        only: {
          gcc: ["CFLAGS=-O2 -flto -frandom-seed=1", "AR=gcc-ar", "RANLIB=gcc-ranlib", "NM=gcc-nm"],
          clang: ["LDFLAGS=-fuse-ld=lld", "AR=llvm-ar", "RANLIB=llvm-ranlib", "NM=llvm-nm"],
        },
      },
      {
        name: "coverage",
        words: ["CFLAGS=-g -O0 --coverage"],
        only: { gcc: ["CFLAGS=-g -O0 --coverage -frandom-seed=1"] },
      },
      { name: "trees", words: ["CFLAGS=-g -O2"], journey: "trees" },
      { name: "shared", words: ["CFLAGS=-g -O2"], journey: "shared", unshared: 4 },
    ],
  },
];
