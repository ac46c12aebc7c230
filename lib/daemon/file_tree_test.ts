import { assertEquals } from "@std/assert";
import { fileTreeOf, whyElsewhere } from "./file_tree.ts";

const own = fileTreeOf("self")!;

Deno.test("whyElsewhere() serves a process that sees our files", () =>
  assertEquals(whyElsewhere(own, own, Deno.pid), undefined));

Deno.test("whyElsewhere() says other_file_tree for one that says so, or of which nothing is known", () => {
  for (const said of [{ ...own, namespace: 1n }, { ...own, root: 1n }]) {
    assertEquals(whyElsewhere(own, said, Deno.pid), "pass_other_file_tree");
  }
  assertEquals(whyElsewhere(own, own, 0), "pass_other_file_tree");
  assertEquals(whyElsewhere(undefined, own, Deno.pid), "pass_other_file_tree");
});

Deno.test("whyElsewhere() finds nobody to serve where the process has ended", async () => {
  const child = new Deno.Command("true").spawn(), { pid } = child;
  await child.status;
  assertEquals(whyElsewhere(own, own, pid), "pass_untraceable");
});

const mayMount = new Deno.Command("unshare", { args: ["-m", "mount", "--bind", "/", "/mnt"], stderr: "null" })
  .outputSync().success;

Deno.test(
  { name: "whyElsewhere() knows a root by its mount, not by its number", ignore: !mayMount },
  async () => {
    // The same folder by another mount: its number and device are those of our root.
    const script = 'mount --bind / /mnt && exec chroot /mnt /bin/sh -c "echo begun; read x"';
    const child = new Deno.Command("unshare", {
      args: ["-m", "sh", "-c", script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = child.stdout.getReader();
    assertEquals(new TextDecoder().decode((await output.read()).value), "begun\n");
    const { namespace } = fileTreeOf(child.pid)!, alike = { ...own, namespace };
    assertEquals(whyElsewhere(alike, alike, child.pid), "pass_other_file_tree");
    await child.stdin.close();
    await output.cancel();
    await child.status;
  },
);
