import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { abandonedIn, makeDirectory, temporaryFor } from '../base/atomic.ts';
import { asHostError } from '../base/errors.ts';
import { z } from 'zod';
import { RecordHead, RecordedResult, type RunRecord } from './record.ts';

const linesFile = 'run.ndjson';
const recordFile = 'run.json';

/** What the first line has beside the head: whose run it is. */
const Owner = z.object({ pid: z.number().int() });

/**
 * The record of a run while it grows: a line for its head, then one for each result, so that a run that is killed leaves
 * all it had judged. Everything is synchronous, so that the last word can be written while the process exits.
 */
export class RecordFile {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** @throws HostError when the disk is full or may not be written */
  static create(directory: string, head: RecordHead): RecordFile {
    const file = new RecordFile(directory);
    makeDirectory(directory);
    file.#append({ ...head, pid: process.pid });
    return file;
  }

  /** Folds the lines of runs that were killed, so that what they had judged can be read like any other record. */
  static async foldAbandoned(runs: string): Promise<void> {
    if (!existsSync(runs)) return;
    for (const name of readdirSync(runs)) {
      const file = new RecordFile(join(runs, name));
      const lines = join(file.directory, linesFile);
      if (!existsSync(lines) || existsSync(join(file.directory, recordFile))) continue;
      const owner = Owner.safeParse(parsed(readFileSync(lines, 'utf8').split('\n', 1)[0] ?? ''));
      if (!owner.success || existsSync(`/proc/${owner.data.pid}`)) continue;
      for (const path of await abandonedIn(file.directory)) rmSync(path, { force: true });
      file.fold('interrupted', statSync(lines).mtime);
    }
  }

  /** @throws HostError when the disk is full */
  add(result: RecordedResult): void {
    this.#append(result);
  }

  /** Folds the lines into run.json, which appears whole or not at all. */
  fold(reason: RunRecord['reason'], finished: Date = new Date()): RunRecord {
    const record = foldLines(readFileSync(join(this.directory, linesFile), 'utf8'), reason, finished);
    const path = join(this.directory, recordFile);
    const temporary = temporaryFor(path);
    try {
      writeFileSync(temporary, `${JSON.stringify(record, null, 1)}\n`);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw asHostError(error, 'writing the record', path);
    }
    return record;
  }

  #append(line: unknown): void {
    const path = join(this.directory, linesFile);
    try {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw asHostError(error, 'writing the record', path);
    }
  }
}

/**
 * The record that the lines of a run amount to. The last line may be cut off, as a run that was killed leaves it.
 *
 * @throws an Error when there is no head
 */
const foldLines = (text: string, reason: RunRecord['reason'], finished: Date): RunRecord => {
  const [first = '', ...rest] = text.split('\n');
  const head = RecordHead.strip().parse(JSON.parse(first));
  const results: RecordedResult[] = [];
  for (const line of rest) {
    const result = RecordedResult.safeParse(parsed(line));
    if (result.success) results.push(result.data);
  }
  return { ...head, finished: finished.toISOString(), reason, results };
};

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
