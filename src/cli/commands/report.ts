import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { projectRoot, runsDir } from '../../base/paths.ts';
import { RunRecord } from '../../report/record.ts';
import { documentsOf, publishRun } from '../documents.ts';
import { writeText } from '../output.ts';

/** The record of the latest run that came to its end. */
const latestRecord = async (): Promise<string> => {
  const names = (await readdir(runsDir()).catch(() => [] as string[])).toSorted().toReversed();
  for (const name of names) {
    const path = join(runsDir(), name, 'run.json');
    if (await stat(path).catch(() => undefined)) return path;
  }
  throw new UsageError('There is no run to report on.', { hint: 'First: kernspec run --kernel all' });
};

const readRecord = async (path: string): Promise<RunRecord> => {
  const refuse = (why: string): UsageError =>
    new UsageError(`${path} ${why}.`, { hint: 'Give the run.json of a run, in its directory below .kernspec/runs.' });
  const text = await readFile(path, 'utf8').catch(() => {
    throw refuse('cannot be read');
  });
  try {
    return RunRecord.parse(JSON.parse(text));
  } catch {
    throw refuse('is no record of a run');
  }
};

const report = async (path: string | undefined, { out }: { readonly out: string }): Promise<void> => {
  const recordPath = path ?? (await latestRecord());
  const record = await readRecord(recordPath);
  const all = await documentsOf(await publishRun(dirname(recordPath), record));
  const documents = Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('docs/generated/')));
  for (const [name, text] of Object.entries(documents)) {
    const target = join(out, name);
    await mkdir(dirname(target), { recursive: true });
    await writeText(text, target);
  }
  process.stdout.write(
    `${record.results.length} verdicts on ${record.kernels.length} kernels went into ${Object.keys(documents).length} documents below ${join(out, 'docs/generated')}\n`,
  );
};

/** `kernspec report [record] [--out dir]` */
export const registerReport = (program: Command): void => {
  program
    .command('report')
    .description('bring the generated documents up to date with what a run has found')
    .argument('[record]', "a run.json; the latest run's unless told")
    .option('--out <dir>', 'where docs/ stands', projectRoot)
    .action(report);
};
