/** What CMake tries out in folders with drawn names is answered in a fresh tree, and its answers are those of plain runs. */
import { assertEquals, assertMatch } from "@std/assert";
import { engine, World } from "./engine.ts";

const project = `cmake_minimum_required(VERSION 3.10)
project(tried C CXX)
include(CheckFunctionExists)
include(CheckIncludeFile)
include(CheckSymbolExists)
include(CheckTypeSize)
include(CheckCXXSourceCompiles)
include(CheckCCompilerFlag)
check_function_exists(strdup HAVE_STRDUP)
check_function_exists(no_such_function HAVE_NO_SUCH_FUNCTION)
check_symbol_exists(mmap sys/mman.h HAVE_MMAP)
check_symbol_exists(nonsense stdio.h HAVE_NONSENSE)
check_include_file(nowhere.h HAVE_NOWHERE_H)
check_type_size(long SIZEOF_LONG)
check_c_compiler_flag(-Wall HAS_WALL)
check_c_compiler_flag(-Wnonsense HAS_WNONSENSE)
check_cxx_source_compiles("#include <vector>\\nint main() { return std::vector<int>(1)[0]; }" HAVE_VECTOR)
`;

/** Names that are drawn, where the compiler was found, and how long something took. */
const drawn = [/TryCompile-\w+/g, /cmTC_\w+/g, /[^\s"]*\/(?:cc|c\+\+)(?=\s)/g, /\[\d+\/\d+\]/g];

function has(program: string): boolean {
  return new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).outputSync().success;
}

/** What CMake found out, and what the compilers said. */
function found(build: string): { cache: string[]; said: string } {
  const cache = Deno.readTextFileSync(`${build}/CMakeCache.txt`).split("\n")
    .filter((line) => /^(?:HAVE|HAS|SIZEOF)_/.test(line));
  const said = Deno.readTextFileSync(`${build}/CMakeFiles/CMakeError.log`);
  return { cache, said: drawn.reduce((text, pattern) => text.replace(pattern, "..."), said) };
}

for (const generator of ["Ninja", "Unix Makefiles"]) {
  Deno.test({
    name: `a fresh tree is configured by CMake for ${generator} without a compile`,
    ignore: engine.length > 1 || !has("cmake") || !has("ninja") || !has("g++"),
    fn: async () => {
      await using world = new World();
      Deno.writeTextFileSync(`${world.work}/CMakeLists.txt`, project);
      const words = ["cmake", "-G", generator, "-S", ".", "-B"];
      const plain = new Deno.Command("cmake", {
        args: [...words.slice(1), "build"],
        env: world.env,
        clearEnv: true,
        cwd: world.work,
      }).outputSync();
      assertEquals(plain.code, 0, new TextDecoder().decode(plain.stderr));
      const build = `${world.work}/build`, want = found(build);
      for (const misses of ["[1-9]\\d*", "0"]) {
        Deno.removeSync(build, { recursive: true });
        const { code, err } = await world.run(["run", "--", ...words, "build"]);
        assertEquals(code, 0, err);
        assertMatch(err, new RegExp(`^zccache: \\d+ runs: \\d+ hits?, ${misses} misses`, "m"));
        assertEquals(found(build), want);
      }
    },
  });
}
