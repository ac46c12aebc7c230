/**
 * Commits the index: the shards that changed as files, then the journal without what they hold.
 *
 *     shard read, merged, encoded  ->  staged and flushed  ->  lock: caught up, renamed  ->  next shard
 *     folder flushed  ->  the journal's successor made  ->  lock: caught up, renamed  ->  flushed
 *
 * Meanwhile a daemon answers clients: it reads, writes and flushes aside, and encodes in slices. What is put, used or
 * dropped between them is in the journal behind the byte where the commit began, and its shard stays dirty; so do all
 * shards where anything fails.
 *
 * Always true: the journal forgets a record only when the shard that holds it has its name for good; nothing is renamed
 * over what another process wrote.
 *
 * @module
 */
import { Encoder } from "./encoder.ts";
import {
  flushFolder,
  flushFolderAside,
  Reader,
  readIfThere,
  removeIfThere,
  replaceFile,
  stageFile,
} from "./files.ts";
import type { Index } from "./index.ts";
import type { JournalFile } from "./journal_file.ts";
import { names } from "./layout.ts";
import { headOf, sealed } from "./shard.ts";
import { runThrough, type Slice } from "./slice.ts";

export interface SnapshotsOptions {
  /** The store's, as ordinary text. */
  folder: string;
  index: Index;
  journal: JournalFile;
  /** Runs under the lock of all who write, and without it not at all. */
  exclusively<T>(work: () => T): Promise<T>;
}

export class Snapshots {
  readonly #options: SnapshotsOptions;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  #path(name: string): string {
    return `${this.#options.folder}/${name}`;
  }

  /** Writes every shard that is dirty now, giving way to others. */
  async write(slice: Slice): Promise<void> {
    const { index, journal, exclusively } = this.#options, encoder = new Encoder(), reader = new Reader();
    // All that the journal holds up to here is in the shards that are written now.
    const { from, epoch, dirty } = await exclusively(() => {
      journal.catchUp();
      return { from: journal.bytes, epoch: index.epoch, dirty: [...index.dirty] };
    });
    for (const shard of dirty) {
      await this.#writeShard(shard, { epoch, encoder, reader, slice });
      if (index.epoch !== epoch) return; // another process rewrote the index, or all was removed
    }
    await this.#retire(epoch, from, slice);
  }

  async #writeShard(
    shard: number,
    { epoch, encoder, reader, slice }: { epoch: number; encoder: Encoder; reader: Reader; slice: Slice },
  ): Promise<void> {
    const { folder, index, journal, exclusively } = this.#options, path = this.#path(names.shard(shard));
    const file = index.holds(shard) ? undefined : await reader.read(path);
    const { value, written } = await slice.run(index.snapshot(shard, encoder, file));
    const staged = await stageFile(folder, headOf(value), value);
    let inPlace = false;
    try {
      await exclusively(() => {
        journal.catchUp();
        if (index.epoch !== epoch) return;
        Deno.renameSync(staged, path);
        inPlace = true;
        written();
      });
    } finally {
      if (!inPlace) removeIfThere(staged);
    }
    await slice.pause();
  }

  /** The journal without what is in the shards. */
  async #retire(epoch: number, from: number, slice: Slice): Promise<void> {
    const { index, journal, exclusively } = this.#options, successor = journal.successor(from);
    try {
      await flushFolderAside(this.#path("index")); // the shards' new names, before the journal forgets what they hold
      while (successor.isBehind(journal.bytes)) {
        successor.copyPiece(index.dirty, journal.bytes);
        await slice.pause();
      }
      await successor.flushAside();
      await exclusively(() => {
        journal.catchUp();
        if (index.epoch === epoch) journal.replaceBy(successor, index.dirty);
      });
    } finally {
      successor.close();
    }
    await journal.flush();
    await flushFolderAside(this.#path("index"));
  }

  /** The same at once for the shards of which the journal speaks, under the lock all along: others' records are kept. */
  async writeNow(): Promise<void> {
    const { folder, index, journal, exclusively } = this.#options, encoder = new Encoder();
    await exclusively(() => {
      journal.catchUp();
      for (const shard of [...journal.shards]) {
        const path = this.#path(names.shard(shard));
        const file = index.holds(shard) ? undefined : readIfThere(path);
        const { value, written } = runThrough(index.snapshot(shard, encoder, file));
        replaceFile(folder, path, sealed(value), "file");
        written();
      }
      flushFolder(this.#path("index")); // the shards' new names, before the journal forgets what they hold
      journal.keepOnly(index.dirty);
    });
  }
}
