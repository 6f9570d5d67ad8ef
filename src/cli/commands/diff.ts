import { cpus } from 'node:os';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { selectClaims } from '../../claims/filter.ts';
import { collectClaims } from '../../harness/collect.ts';
import { selectKernels } from '../../provision/kernels.ts';
import { differencesBetween, type Difference } from '../../report/difference.ts';
import { publish } from '../../report/published-matrix.ts';
import { readPublishedMatrix } from '../documents.ts';
import { exitCodes } from '../exit-codes.ts';
import { wantsColor, writeJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { judgeSelected } from './run.ts';

interface DiffOptions {
  readonly run?: true;
  readonly json?: string | true;
}

/** The name of the one kernel that a selector means. */
const nameOf = async (selector: string): Promise<string> => {
  const names = (await selectKernels([selector])).map(({ name }) => name);
  const [name, ...others] = names;
  if (name === undefined || others.length > 0)
    throw new UsageError(`"${selector}" means ${names.length} kernels; a difference is between two.`, {
      hint: 'Name one series or version on each side: kernspec diff 5.10 newest',
    });
  return name;
};

const diff = async (left: string, right: string, filters: string[], options: DiffOptions): Promise<void> => {
  const [from, to] = [await nameOf(left), await nameOf(right)];
  const selected = selectClaims(await collectClaims(), { filters, tags: [] }).map(({ claim }) => claim);
  const published = await readPublishedMatrix();
  const known = (name: string): boolean => published?.kernels.some(({ version }) => version === name) === true;
  const stored = options.run !== true && known(from) && known(to) ? published : undefined;
  const matrix = stored ?? (await judgedMatrix(filters, from, to));
  const differences = differencesBetween(selected, matrix, from, to);
  if (options.json !== undefined) await writeJson({ from, to, differences }, options.json);
  if (options.json === true) return;
  process.stdout.write(`${differenceText(differences, from, to, selected.length, wantsColor(process.stdout))}\n`);
};

const judgedMatrix = async (filters: readonly string[], from: string, to: string) => {
  const options = { kernel: [from, to], tag: [], append: '', workers: cpus().length, repeat: 1 };
  const { record, claims } = await judgeSelected(filters, options, new Progress());
  if (record.results.some(({ verdict }) => verdict === 'inconclusive')) process.exitCode = exitCodes.infrastructure;
  const none = (): undefined => undefined;
  return publish(
    undefined,
    record,
    none,
    claims.map(({ id }) => id),
  );
};

const differenceText = (
  differences: readonly Difference[],
  from: string,
  to: string,
  total: number,
  color: boolean,
): string => {
  const bold = (text: string): string => (color ? styleText('bold', text, { validateStream: false }) : text);
  const width = Math.max(from.length, to.length);
  return [
    ...differences.flatMap(({ claim, statement, left, right, commits }) => [
      bold(claim),
      `  ${statement}`,
      `  ${from.padEnd(width)}  ${left}`,
      `  ${to.padEnd(width)}  ${right}`,
      ...commits.map(({ commit, title }) => `  commit ${commit} ${title}`),
      '',
    ]),
    `${differences.length} of ${total} claims differ between ${from} and ${to}`,
  ].join('\n');
};

/** `kernspec diff LEFT RIGHT [filters…]` */
export const registerDiff = (program: Command): void => {
  program
    .command('diff')
    .description('the claims whose observed value or expectation differs between two kernels')
    .argument('<left>', 'a kernel, such as 5.10 or 6.12-rt')
    .argument('<right>', 'another, such as newest')
    .argument('[filters...]', 'claim ids, prefixes of ids, or paths below specs/')
    .option('--run', 'judge them now, whatever docs/generated/matrix.json knows')
    .option('--json [file]', 'as JSON, on stdout or in a file')
    .action(diff);
};
