import { assertEquals } from "@std/assert";
import { fileSystemType, freeBytes, libc, userId } from "../os/mod.ts";
import { recordFolder } from "./record_folder.ts";

libc(); // opened before the tests, which would call it a leak

const tmpfs = 0x01021994, shared = "/dev/shm", enough = 2 ** 30;
const ignore = fileSystemType(shared) !== tmpfs || freeBytes(shared) < enough;
const onDisk = ["/var/tmp", "/usr", "/"].find((path) => fileSystemType(path) !== tmpfs);

function withFolder(body: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ dir: shared, prefix: "zc-" });
  try {
    body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test({
  name: "recordFolder() is the runtime folder where that is in memory",
  ignore,
  fn: () => withFolder((folder) => assertEquals(recordFolder(folder), folder)),
});

Deno.test({
  name: "recordFolder() is a private folder in memory where the runtime folder is on a disk",
  ignore: ignore || onDisk === undefined,
  fn: () =>
    withFolder((folder) => {
      const own = `${folder}/zccache-${userId()}`;
      for (let times = 0; times < 2; times++) assertEquals(recordFolder(onDisk!, folder), own);
      assertEquals(Deno.statSync(own).mode! & 0o777, 0o700);
    }),
});

const unfit: [string, (own: string) => void][] = [
  ["others may read it", (own) => (Deno.mkdirSync(own), Deno.chmodSync(own, 0o755))],
  [
    "it is a link",
    (own) => (Deno.mkdirSync(`${own}-there`, { mode: 0o700 }), Deno.symlinkSync(`${own}-there`, own)),
  ],
  ["it is a file", (own) => Deno.writeTextFileSync(own, "", { mode: 0o600 })],
];
for (const [what, make] of unfit) {
  Deno.test({
    name: `recordFolder() is the runtime folder where ${what}`,
    ignore: ignore || onDisk === undefined,
    fn: () =>
      withFolder((folder) => {
        make(`${folder}/zccache-${userId()}`);
        assertEquals(recordFolder(onDisk!, folder), onDisk);
      }),
  });
}

Deno.test("recordFolder() is the runtime folder where nothing is in memory", () => {
  assertEquals(recordFolder("/proc", "/proc"), "/proc");
  assertEquals(recordFolder("/proc", "/nowhere"), "/proc");
});
