/**
 * Inputs and targets that change in ways a scenario's words cannot say: names that are no text, folders that are
 * gone, mounts, another file tree, a terminal, edits in the middle of a run, a launcher killed in the middle of a
 * delivery. Each script runs plainly and through the cache; both must end alike.
 */
import { assert, assertEquals } from "@std/assert";
import {
  alike,
  can,
  canMount,
  hasCompiler,
  type Hazard,
  isRoot,
  outcomes,
  registerHazards,
  settle,
  shell,
} from "./alike.ts";
import { World } from "./engine.ts";

const hasClang = can("command -v clang");

// deno-fmt-ignore: a row stays a line
const hazards: Hazard[] = [
  { name: "names and arguments that are no UTF-8", byLauncher: true, counts: { miss_new: 1, hit: 1 }, script: `
    n=$(printf 'a\\377\\nb'); mkdir -p "d$n"; printf 'const char t[] = T; int i = __LINE__;' >"d$n/$n.c"; ${settle}
    $Z gcc -g -MD -c "d$n/$n.c" "-DT=\\"$(printf '\\376')\\"" -o "$n.o" && cksum <"$n.o" && cksum <"$n.d" && rm "$n.o" "$n.d"` },
  { name: "a folder whose name is no UTF-8", byLauncher: true, counts: { miss_new: 1, hit: 1 }, script: `
    n=$(printf 'f\\377'); mkdir -p "$n"; cd "$n"; printf 'const char t[] = __FILE__;' >a.c; ${settle}
    $Z gcc -g -c "$PWD/a.c" -o a.o && cksum <a.o && rm a.o` },
  { name: "a variable that is no UTF-8 and counts", counts: { miss_new: 1, miss_environment: 1, hit: 2 }, script: `
    for n in "$(printf 'f\\377')" "$(printf 'f\\376')"; do mkdir -p "$n"; printf 'int v = %s;' "$(printf "$n" | cksum | cut -d' ' -f1)u" >"$n/v.h"; done
    echo '#include <v.h>' >a.c; ${settle}
    for n in "$(printf 'f\\377')" "$(printf 'f\\376')"; do CPATH=$n $Z gcc -c a.c -o a.o && cksum <a.o && rm a.o; done` },
  { name: "200 KB of arguments", counts: { miss_new: 1, hit: 1 }, script: `
    echo 'int v;' >a.c; gcc -c a.c; rm -f lib.a; ${settle}
    $Z ar rcs lib.a $(yes $(printf '%.0s./' $(seq 60))a.o | head -n 1700) && cksum <lib.a && rm lib.a` },
  { name: "a working folder that is gone", byLauncher: true, script: `
    echo 'int v;' >a.c; ${settle}; w=$PWD; mkdir d; cd d; rmdir ../d
    $Z gcc -c "$w/a.c" -o "$w/a.o"; echo $?; cd "$w"; rm -f a.o` },
  { name: "0, 1 and 2 closed", counts: { miss_new: 1, hit: 1 }, script: `
    echo 'int v;' >a.c; ${settle}; $Z gcc -c a.c -o a.o <&- >&- 2>&-; cksum <a.o; rm a.o` },
  { name: "a target on another file system", counts: { miss_new: 1, hit: 1 }, times: 1, script: `
    echo 'int v;' >a.c; d=$(mktemp -d -p /dev/shm); ${settle}
    for i in 1 2; do $Z gcc -MD -MT a.o -c a.c -o $d/a.o; cksum <$d/a.o; cksum <$d/a.d; rm $d/a.o $d/a.d; done; rm -r $d` },
  { name: "an immutable target", needs: isRoot && can("f=$(mktemp -p .) && chattr +i $f; r=$?; chattr -i $f; rm $f; exit $r"), script: `
    echo 'int v;' >a.c; ${settle}; rm -f a.o; $Z gcc -c a.c -o a.o; echo old >a.o; chattr +i a.o
    $Z gcc -c a.c -o a.o; echo $?; $Z gcc -S a.c -o a.o; echo $?; chattr -i a.o; cat a.o; $Z gcc -c a.c -o a.o; cksum <a.o` },
  { name: "a target on a file system that may not be written", needs: canMount, script: `
    echo 'int v;' >a.c; mkdir -p out; ${settle}; $Z gcc -c a.c -o out/a.o; echo $?; ls -A out
    unshare -m sh -c 'mount --bind out out && mount -o remount,ro,bind out && $Z gcc -c a.c -o out/a.o; echo $?'; cksum <out/a.o; rm out/a.o` },
  { name: "something mounted over a header, and over its folder", needs: canMount, times: 1, counts: { miss_new: 1, miss_input: 2, hit: 3 }, script: `
    unshare -m sh -c '
      mkdir inc two three; echo "int v = 1;" >inc/v.h; echo "int v = 2;" >two/v.h; echo "int v = 3;" >three/v.h; echo "#include <v.h>" >a.c; ${settle}
      build() { $Z gcc -Iinc -Ithree -c a.c -o a.o; cksum <a.o; rm a.o; }
      build; build; mount --bind two inc; build; umount inc; build; mount --bind two/v.h inc/v.h; build; umount inc/v.h
      mount -t tmpfs none inc; build; rm -r two three; umount inc; rm -r inc; $S stop >/dev/null 2>&1'; true` },
  { name: "a caller that sees another file tree than the daemon", needs: canMount, times: 1, script: `
    mkdir inc two; echo "int v = 1;" >inc/v.h; echo "int v = 2;" >two/v.h; echo "#include <v.h>" >a.c; ${settle}
    build='$Z gcc -Iinc -c a.c -o a.o; cksum <a.o; rm a.o'
    eval "$build"; eval "$build"; for i in 1 2; do unshare -m sh -c "mount --bind two inc; $build; $build"; done; eval "$build"; rm -r inc two` },
  { name: "edits within one second, on a file system that keeps whole seconds", needs: canMount && can("command -v mkfs.ext4 && [ -e /dev/loop-control ]"), times: 1, script: `
    truncate -s 16M ../img; mkfs.ext4 -q -F -I 128 ../img; mkdir -p m; unshare -m sh -c 'mount -o loop ../img m || exit; cd m; mkdir one two
      build() { $Z gcc -Ione -Itwo -c a.c -o a.o; cksum <a.o; rm a.o; }
      echo "#include <v.h>" >a.c
      for i in 1 2 3 4; do echo "int v = $i;" >two/v.h; build; done; for i in 5 6; do echo "int v = $i;" >n; mv n two/v.h; build; build; done
      for i in 7 8; do echo "int v = $i;" >one/v.h; build; rm one/v.h; build; done
      sleep 1.1; build; build; sleep 1.1; build; echo "int v = 9;" >two/v.h; build; build
      cd ..; $S stop >/dev/null 2>&1; umount m'; true` },
  { name: "another mount namespace, and another root on the same file system", needs: canMount, counts: { miss_new: 1, hit: 5, pass_other_file_tree: 2 }, script: `
    echo 'int v;' >a.c; ${settle}; export W=$PWD; mkdir root; $Z gcc -c a.c; $Z gcc -c a.c; unshare -m sh -c '$Z gcc -c a.c'
    mount --bind / root; chroot root sh -c 'cd "$W" && $Z gcc -c a.c'; umount root; cksum <a.o; rm -r root a.o` },
  { name: "a folder whose path no call can give", counts: {}, script: `
    d=$(printf 'x%.0s' $(seq 250)); for i in $(seq 17); do mkdir -p $d; cd -P ./$d 2>/dev/null || exit 3; done
    echo 'int v;' >a.c; $Z gcc -c a.c -o a.o; echo $?; cksum <a.o; rm a.o` },
  { name: "a tool that goes to a folder whose path no call can give", counts: { hit: 0 }, script: `
    d=$(printf 'x%.0s' $(seq 250)); printf '#!/bin/sh\nd=%s; for i in $(seq 17); do mkdir -p $d; cd -P ./$d; done 2>/dev/null; echo "int v$(cat n);" >b.c; exec gcc -c b.c -o b.o\n' $d >mycc; chmod 755 mycc
    echo 'int v;' >a.c; for n in 1 2; do echo $n >n; ${settle}; $Z ./mycc -c a.c; echo $?; find . -name b.o | wc -l; rm -r $d; done` },
  { name: "a run that is stopped as by Ctrl-Z, and goes on", needs: can("command -v bash"), counts: { miss_new: 1, hit: 1 }, script: `
    printf '#!/bin/sh\nsleep 0.6\nexec gcc "$@"\n' >slow; chmod 755 slow; echo 'int v;' >a.c; ${settle}
    bash -c 'set -m; $Z ./slow -c a.c </dev/null & p=$!; sleep 0.3; kill -TSTP -$p; sleep 0.5
      cat /proc/[0-9]*/stat | sed "s/.*) //" | awk -v g=$p "\$3 == g && \$1 != \"T\" && \$1 != \"Z\"" | wc -l
      kill -CONT -$p; while wait $p; s=$?; [ $s -gt 128 ]; do sleep 0.05; done # wait -f can spin for ever
      echo $s; cksum <a.o; rm a.o' 2>/dev/null` },
  { name: "another mount namespace and another runtime folder with the same cache", needs: canMount, counts: { miss_new: 2, hit: 4 }, script: `
    echo 'int v;' >a.c; echo 'int w;' >b.c; mkdir -p -m 700 run; ${settle}; $Z gcc -c a.c
    XDG_RUNTIME_DIR=$PWD/run unshare -m sh -c '$Z gcc -c a.c; $Z gcc -c b.c'; cksum <a.o; cksum <b.o; rm -r run a.o b.o` },
  { name: "a terminal and a pipe in turns", needs: can("script -qec true /dev/null </dev/null"), counts: { miss_new: 1, miss_environment: 3, hit: 8 }, script: `
    export TERM=xterm; echo 'static int unused(int a, int b) { return a * b - a * b + a * b - a * b + a * b - a * b; }' >a.c; ${settle}
    tty() { script -qec "$1 $Z gcc -Wall -c a.c" /dev/null </dev/null | cksum; }
    $Z gcc -Wall -c a.c | cat; tty; $Z gcc -Wall -c a.c | cat; tty; tty "stty cols 60;"; TERM=dumb tty; rm a.o` },
  { name: "clang on a terminal and a pipe in turns", needs: hasClang && can("script -qec true /dev/null </dev/null"), counts: { miss_new: 1, miss_environment: 1, hit: 6 }, script: `
    export TERM=xterm; echo 'static int unused(int a) { return a; }' >a.c; ${settle}
    tty() { script -qec "$Z clang -Wall -c a.c" /dev/null </dev/null | cksum; }
    tty; $Z clang -Wall -c a.c 2>&1 | cat; tty; $Z clang -Wall -c a.c 2>&1 | cat; rm a.o` },
];

registerHazards(hazards);

/** What others do while the tool runs, after it read its files and before it ends. */
const edits: Record<string, string> = {
  "a header is written in place, of equal size": "echo 'int v = 2;' >one/v.h",
  "a header is renamed over": "echo 'int v = 2;' >n; mv n one/v.h",
  "a header is edited and its time put back":
    "cp -p one/v.h k; echo 'int v = 2;' >one/v.h; touch -r k one/v.h; rm k",
  "a link on the way is turned to an older folder": "ln -s two n; mv -T n link",
  "folders change places": "mv one n; mv two one; mv n two",
  "a header appears that shadows": "echo 'int v = 2;' >early/v.h",
  "a header appears where a link dangled": "mkdir later; echo 'int v = 2;' >later/w.h",
  "the source is written": "echo 'int w;' >>a.c",
  "the header goes": "rm one/v.h",
};

for (const [name, edit] of Object.entries(edits)) {
  Deno.test({ name: `a run is not kept where meanwhile ${name}`, ignore: !hasCompiler }, async () => {
    await using world = new World();
    // The script says when the compiler has read everything, and ends long after.
    const script = `rm -rf * && mkdir one two early && ln -s one link
      echo 'int v = 1;' >one/v.h; echo 'int v = 3;' >two/v.h; ln -s ../later/w.h early/w.h; echo 'int w;' >two/w.h
      printf '#include <v.h>\\n#include <w.h>\\n' >a.c
      printf '#!/bin/sh\\ngcc "$@" && echo compiled && sleep 0.8\\n' >mycc; chmod 755 mycc; ${settle}
      $Z ./mycc -Iearly -Ilink -Itwo -c a.c -o a.o | while read line; do ${edit}; done; cksum <a.o; ${settle}
      $Z ./mycc -Iearly -Ilink -Itwo -c a.c -o a.o; echo $?; cksum <a.o`;
    const counted = await alike(world, script, 1);
    assertEquals(counted.pass_input_changed, 1, JSON.stringify(counted));
    assertEquals(counted.hit, undefined);
  });
}

Deno.test({
  name: "kill -9 in the middle of a delivery leaves the object whole or as it was",
  ignore: !hasCompiler,
}, async () => {
  await using world = new World();
  const object = `${world.work}/a.o`;
  Deno.writeFileSync(`${world.work}/data`, crypto.getRandomValues(new Uint8Array(65536)));
  const data = Array(200).fill('.incbin \\"data\\"').join("\\n");
  Deno.writeTextFileSync(`${world.work}/a.c`, `__asm__(".data\\n${data}\\n");\n`);
  const compile = "$Z gcc -MD -c a.c -o a.o";
  await shell(world, `${settle}; ${compile}; rm a.o a.d`);
  await shell(world, compile);
  const whole = Deno.readFileSync(object), old = new TextEncoder().encode("old");
  let killed = 0;
  for (let i = 0; i < 40; i++) {
    Deno.writeFileSync(object, old);
    const child = world.spawn(["wrap", ..."gcc -MD -c a.c -o a.o".split(" ")], {
      LC_ALL: "C",
      PWD: world.work,
    });
    await new Promise((resolve) => setTimeout(resolve, i / 2));
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    if ((await child.output()).signal === "SIGKILL") killed++;
    const now = Deno.readFileSync(object);
    assert(now.length === old.length || now.length === whole.length, `${now.length} bytes`);
    if (now.length === whole.length) assertEquals(sum(now), sum(whole));
  }
  assert(killed > 0, "every delivery was over too soon");
  assertEquals((await shell(world, compile)).code, 0);
  assertEquals(sum(Deno.readFileSync(object)), sum(whole));
  const { hit, ...others } = await outcomes(world);
  assertEquals(others, { miss_new: 1 });
  assert(hit > 2);
  // What a killed launcher leaves is a temporary name of its own: proof that some died with the object half copied.
  assert(
    [...Deno.readDirSync(world.work)].some(({ name }) => name.startsWith(".zc-")),
    "none died while copying",
  );
});

function sum(bytes: Uint8Array): number {
  return bytes.reduce((a, b) => (a * 31 + b) | 0, 7);
}
