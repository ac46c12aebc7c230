import { assert, assertEquals, assertThrows } from "@std/assert";
import { CacheError } from "../base/errors.ts";
import { loadSettings, problemLine, readSettings } from "./load.ts";
import { type SettingRow, settingRows } from "./settings.ts";

Deno.test("readSettings() has the documented defaults", () => {
  const { settings, origins, problems } = readSettings({});
  assertEquals(settings, {
    cacheDir: undefined,
    disable: false,
    daemon: "auto",
    noSpawn: false,
    endpoint: undefined,
    idleMs: undefined,
    stopTimeoutMs: 10_000,
    walFlushMs: 5000,
    walMaxPending: 2048,
    cacheSizeBytes: undefined,
    trace: "auto",
    pathRemap: "off",
    worktreeRoot: undefined,
    strictPaths: "off",
    watch: "auto",
    comments: "auto",
    search: "list",
    priority: "normal",
    linkPriority: "normal",
    maxParallel: 0,
    linkDeploy: undefined,
    fast: false,
    scanSystemHeaders: true,
  });
  assert(Object.values(origins).every((origin) => origin === "default"));
  assertEquals(problems, []);
});

Deno.test("readSettings() takes the environment, and flags above it", () => {
  const env = {
    ZCCACHE_DAEMON: "auto",
    ZCCACHE_IDLE_TIMEOUT_SECS: "5",
    ZCCACHE_DISABLE: "Yes",
    ZCCACHE_ENDPOINT: "",
  };
  const { settings, origins } = readSettings(env, { "no-daemon": true, "idle-timeout": 7 });
  assertEquals([settings.daemon, settings.idleMs, settings.disable], ["off", 7000, true]);
  assertEquals([origins.daemon, origins.idleMs, origins.disable], ["flag", "flag", "environment"]);
  assertEquals([settings.endpoint, origins.endpoint], [undefined, "default"]);
});

const bad: [variable: string, value: string, line: string][] = [
  [
    "ZCCACHE_WAL_FLUSH_MS",
    "0",
    'Cannot use ZCCACHE_WAL_FLUSH_MS "0": it must be a whole number of milliseconds, at least 1',
  ],
  [
    "ZCCACHE_WAL_MAX_PENDING",
    "-1",
    'Cannot use ZCCACHE_WAL_MAX_PENDING "-1": it must be a whole number of records, at least 1',
  ],
  [
    "ZCCACHE_STOP_TIMEOUT_SECS",
    "1.5",
    'Cannot use ZCCACHE_STOP_TIMEOUT_SECS "1.5": it must be a whole number of seconds, at least 0',
  ],
  [
    "ZCCACHE_IDLE_TIMEOUT_SECS",
    "9999999",
    'Cannot use ZCCACHE_IDLE_TIMEOUT_SECS "9999999": it must be a whole number of seconds, at most 2147483',
  ],
  [
    "ZCCACHE_CACHE_SIZE_BYTES",
    "5GiB",
    'Cannot use ZCCACHE_CACHE_SIZE_BYTES "5GiB": it must be a whole number of bytes, at least 1',
  ],
  ["ZCCACHE_DAEMON", "on", 'Cannot use ZCCACHE_DAEMON "on": it must be auto or off'],
  ["ZCCACHE_TRACE", "1", 'Cannot use ZCCACHE_TRACE "1": it must be auto or off'],
  [
    "ZCCACHE_DISABLE",
    "maybe",
    'Cannot use ZCCACHE_DISABLE "maybe": it must be 1 or 0 (or true, yes, on, false, no, off)',
  ],
];
for (const [variable, value, line] of bad) {
  Deno.test(`readSettings() refuses ${variable}=${value} and keeps the default`, () => {
    const { settings, problems } = readSettings({ [variable]: value });
    assertEquals(problems.map(problemLine), [line]);
    assertEquals(settings, readSettings({}).settings);
  });
}

Deno.test("loadSettings() stops at a value that is not allowed, with exit status 2", () => {
  const error = assertThrows(() => loadSettings({ ZCCACHE_TRACE: "x" }), CacheError, "ZCCACHE_TRACE");
  assertEquals(error.status, 2);
});

Deno.test("settingRows: variables are ours and unique, help is short", () => {
  const rows: SettingRow[] = Object.values(settingRows);
  assertEquals(new Set(rows.map((row) => row.variable)).size, rows.length);
  for (const { variable, help } of rows) {
    assert(/^ZCCACHE_[A-Z_]+$/.test(variable) && help.length <= 60 && !help.endsWith("."), variable);
  }
});
