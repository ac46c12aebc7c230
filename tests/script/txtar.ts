/**
 * A scenario is one text file: script lines first, then the files it needs, each after a line `-- name --`.
 *
 * The form is the one that Go's tools use, so that editors and people know it already. Keeps true: every
 * byte of a file section reaches the disk as written, and a section's last line always ends in a newline.
 *
 * @module
 */

/** A scenario's parts. */
export interface Archive {
  /** What stands above the first file: the script. */
  script: string;
  files: { name: string; text: string }[];
}

const marker = /^-- (.+) --$/;

/** Cuts a text into script and files. A name used twice is an error: the second would hide the first. */
export function parseArchive(text: string): Archive {
  const archive: Archive = { script: "", files: [] };
  let lines: string[] = [];
  const close = () => {
    const body = lines.length === 0 ? "" : lines.join("\n") + "\n";
    const last = archive.files.at(-1);
    if (last === undefined) archive.script = body;
    else last.text = body;
    lines = [];
  };
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const name = marker.exec(line)?.[1];
    if (name === undefined) {
      lines.push(line);
      continue;
    }
    close();
    if (archive.files.some((file) => file.name === name)) throw new Error(`The file ${name} is there twice`);
    archive.files.push({ name, text: "" });
  }
  close();
  return archive;
}
