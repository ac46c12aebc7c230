/**
 * A newer libc for a peer that needs one: unpacked into a folder of its own, and named in the peer's executables.
 *
 * The packages are Debian's, from the mirror that this machine is set up with; apt's own state is left alone and nothing
 * is installed. The peer then starts by the newer loader, while the compilers that it runs keep the system's.
 *
 * @module
 */
import { exists, must, projectFolder, run } from "./steps.ts";

/** Debian 13: glibc 2.41. */
const suite = "trixie", keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const packages = ["libc6", "libgcc-s1"];
const folder = `${projectFolder}/.tools/peers/libc-${suite}`;
const libraries = `${folder}/root/usr/lib/x86_64-linux-gnu`, loader = `${libraries}/ld-linux-x86-64.so.2`;

async function fetchLibc(): Promise<void> {
  if (exists(loader)) return;
  const query = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL) $(COMPONENT)"];
  const lines = (await run(query)).text.split("\n");
  const mirror = lines.find((line) => line.endsWith(" Debian main"))?.split(" ")[0];
  if (mirror === undefined) throw new Error(`no mirror of Debian is set up that could bring a newer libc`);
  for (const sub of ["lists/partial", "archives/partial"]) {
    Deno.mkdirSync(`${folder}/${sub}`, { recursive: true });
  }
  Deno.writeTextFileSync(`${folder}/sources.list`, `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  Deno.writeTextFileSync(`${folder}/status`, "");
  const own = {
    "Dir::Etc::sourcelist": `${folder}/sources.list`,
    "Dir::Etc::sourceparts": "-",
    "Dir::State::lists": `${folder}/lists`,
    "Dir::State::status": `${folder}/status`,
    "Dir::Cache": folder,
    "APT::Sandbox::User": "root",
  };
  const apt = ["apt-get", "-qq", ...Object.entries(own).flatMap(([key, value]) => ["-o", `${key}=${value}`])];
  await must([...apt, "update"], { timeoutMs: 120_000 });
  await must([...apt, "download", ...packages], { cwd: folder, timeoutMs: 120_000 });
  for (const { name } of [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".deb"))) {
    await must(["dpkg-deb", "-x", `${folder}/${name}`, `${folder}/root`]);
  }
}

async function patchelf(): Promise<string> {
  const into = `${projectFolder}/.tools/peers/patchelf`, path = `${into}/bin/patchelf`;
  if (!exists(path)) await must(["python3", "-m", "pip", "install", "--quiet", "--target", into, "patchelf"]);
  return path;
}

/** Makes executables start by a newer libc. @throws {Error} where it cannot be had */
export async function withNewerLibc(files: readonly string[]): Promise<void> {
  await fetchLibc();
  await must([await patchelf(), "--set-interpreter", loader, "--set-rpath", libraries, ...files]);
}
