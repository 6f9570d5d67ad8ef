import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../base/atomic.ts';
import { asHostError } from '../base/errors.ts';
import { RecordHead, RecordedResult, type RunRecord } from './record.ts';

const linesFile = 'run.ndjson';
const recordFile = 'run.json';

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
    file.#append(head);
    return file;
  }

  add(result: RecordedResult): void {
    this.#append(result);
  }

  /** Folds the lines into run.json, which appears whole or not at all. */
  fold(reason: RunRecord['reason'], finished: Date = new Date()): RunRecord {
    const record = foldLines(readFileSync(join(this.directory, linesFile), 'utf8'), reason, finished);
    const path = join(this.directory, recordFile);
    try {
      writeFileSync(`${path}.tmp-${process.pid}`, `${JSON.stringify(record, null, 1)}\n`);
      renameSync(`${path}.tmp-${process.pid}`, path);
    } catch (error) {
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
  const head = RecordHead.parse(JSON.parse(first));
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
