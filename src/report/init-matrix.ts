import { z } from 'zod';
import { initVerdicts, type InitVerdict } from '../inits/check.ts';
import { allChecks, sections } from '../inits/checks.ts';
import { byVersion } from '../kernels/version.ts';
import type { InitRecord } from './init-record.ts';
import { printableLine } from './printable.ts';

const letters = { pass: 'p', fail: 'f', 'non-strict': 's', info: 'i', untested: 'u' } as const satisfies Record<
  InitVerdict,
  string
>;
const unasked = '.';

const verdictOf = (letter: string | undefined): InitVerdict | undefined =>
  initVerdicts.find((verdict) => letters[verdict] === letter);

/** docs/generated/inits.json: what every init of the catalogue does on the kernels it was run on. Expected of the next run. */
export const PublishedInits = z.strictObject({
  schema: z.literal(1),
  kernels: z.array(z.strictObject({ series: z.string(), version: z.string() })),
  inits: z.record(
    z.string(),
    z.strictObject({
      argv: z.array(z.string()),
      role: z.string(),
      /** A letter for each kernel, and what was seen: one text for each kernel, or one for all. */
      checks: z.record(z.string(), z.strictObject({ verdicts: z.string(), seen: z.array(z.string()) })),
    }),
  ),
});
export type PublishedInits = z.infer<typeof PublishedInits>;
type Row = PublishedInits['inits'][string]['checks'][string];

/** What was seen, without what differs from run to run: times, sizes, pids of the run's own directory. */
const steady = (text: string): string =>
  printableLine(text)
    .replaceAll(/\d+(\.\d+)? (ms|s|kB)\b/g, '… $2')
    .replaceAll(/\/run\/kernspec\/c\d+-\d+/g, '{dir}')
    .replaceAll(/\b\d{4}[-/]\d\d[-/]\d\d[ T][\d:.,]+/g, '…')
    .slice(0, 200);

interface Cell {
  readonly letter: string;
  readonly seen: string;
}

const cellOf = (inits: PublishedInits | undefined, init: string, check: string, version: string): Cell | undefined => {
  const index = inits?.kernels.findIndex((kernel) => kernel.version === version) ?? -1;
  const row = inits?.inits[init]?.checks[check];
  const letter = row?.verdicts[index];
  if (index < 0 || row === undefined || letter === undefined || letter === unasked) return undefined;
  return { letter, seen: (row.seen.length === 1 ? row.seen[0] : row.seen[index]) ?? '' };
};

const cellIn = (record: InitRecord, init: string, check: string, version: string): Cell | undefined => {
  const target = record.targets.find(({ name, kernel }) => name === init && kernel === `linux-${version}`);
  const result = target?.results.find((one) => one.check === check);
  if (result === undefined) return undefined;
  return {
    letter: letters[result.verdict],
    seen: steady(result.verdict === 'untested' ? (result.reason ?? '') : result.actual),
  };
};

const versionOf = (kernel: string): string => kernel.replace(/^linux-/, '');

/**
 * What was known of inits, with what a record has to say. A kernel takes the place of another of its series; programs that are
 * no longer there go.
 *
 * @param programs names of all programs of the catalogue, in its order
 */
export const publishInits = (
  previous: PublishedInits | undefined,
  record: InitRecord,
  programs: readonly string[],
): PublishedInits => {
  const judged = record.kernels
    .filter(({ id }) => id.startsWith('linux-'))
    .map(({ id, series }) => ({ series, version: versionOf(id) }));
  const kept = (previous?.kernels ?? []).filter(({ series }) => !judged.some((kernel) => kernel.series === series));
  const kernels = [...kept, ...judged].toSorted(byVersion);
  const of = new Map(record.targets.map(({ name, argv, role }) => [name, { argv, role }] as const));
  const names = programs.filter((name) => of.has(name) || previous?.inits[name] !== undefined);
  const row = (init: string, check: string) => {
    const cells = kernels.map(
      ({ version }) => cellIn(record, init, check, version) ?? cellOf(previous, init, check, version),
    );
    const seen = cells.map((cell) => cell?.seen ?? '');
    return {
      verdicts: cells.map((cell) => cell?.letter ?? unasked).join(''),
      seen: new Set(seen).size === 1 ? seen.slice(0, 1) : seen,
    };
  };
  return {
    schema: 1,
    kernels,
    inits: Object.fromEntries(
      names.map((name) => {
        const { argv, role } = of.get(name) ?? previous?.inits[name] ?? { argv: [], role: '' };
        return [name, { argv, role, checks: Object.fromEntries(allChecks.map(({ id }) => [id, row(name, id)])) }];
      }),
    ),
  };
};

/** The text of inits.json: a line for each check of each init, so that a change of any cell is seen in review. */
export const initsText = ({ schema, kernels, inits }: PublishedInits): string => {
  const body = Object.entries(inits).map(([name, { argv, role, checks }]) => {
    const rows = Object.entries(checks).map(([id, row]) => `   ${JSON.stringify(id)}: ${JSON.stringify(row)}`);
    return ` ${JSON.stringify(name)}: {"argv": ${JSON.stringify(argv)}, "role": ${JSON.stringify(role)}, "checks": {\n${rows.join(',\n')}}}`;
  });
  return `{"schema": ${schema}, "kernels": ${JSON.stringify(kernels)}, "inits": {\n${body.join(',\n')}}}\n`;
};

/** What is otherwise than it was expected: verdicts, and what was seen where there is nothing to pass. */
export const drift = (expected: PublishedInits, record: InitRecord): readonly string[] =>
  record.targets.flatMap(({ name, kernel, results }) =>
    results.flatMap(({ check }) => {
      const before = cellOf(expected, name, check, versionOf(kernel));
      const now = cellIn(record, name, check, versionOf(kernel));
      if (before === undefined || now === undefined) return [];
      const same = before.letter === now.letter && (now.letter !== letters.info || before.seen === now.seen);
      const words = ({ letter, seen }: Cell): string => `${verdictOf(letter) ?? '?'} (${seen})`;
      return same ? [] : [`${name} ${check} on ${kernel}: ${words(before)} is expected, ${words(now)} came`];
    }),
  );

const marks: Readonly<Record<InitVerdict, string>> = {
  pass: '✓',
  fail: '**✗**',
  'non-strict': '!',
  info: '·',
  untested: '–',
};

const inTable = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*');

/** Several kernels that agree are one mark; otherwise each has its own. */
const markOf = (verdicts: string): string => {
  const asked = verdicts.replaceAll(unasked, '');
  const texts = Array.from(asked, (letter) => marks[verdictOf(letter) ?? 'untested']);
  if (texts.length === 0) return ' ';
  return new Set(texts).size === 1 ? (texts[0] ?? '') : texts.join('');
};

/** What was seen: one text when all kernels agree that were asked, or each with the kernels on which it was seen. */
const seenOn = ({ kernels }: PublishedInits, { verdicts, seen }: Row): string => {
  const on = new Map<string, string[]>();
  for (const [i, { series }] of kernels.entries()) {
    if (verdicts[i] === unasked) continue;
    const text = (seen.length === 1 ? seen[0] : seen[i]) ?? '';
    on.set(text, [...(on.get(text) ?? []), series]);
  }
  const texts = [...on].map(([text, series]) => (on.size === 1 ? text : `${series.join(' ')}: ${text}`));
  return texts.join('; ');
};

/** docs/generated/inits.md: checks × inits as a picture, then each check with what each init was seen to do. */
export const initsPage = (published: PublishedInits): string => {
  const { kernels, inits } = published;
  const names = Object.keys(inits);
  const head = ['check', 'level', ...names];
  const table = (titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
    `| ${titles.join(' | ')} |`,
    `| ${titles.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ];
  const picture = sections.flatMap(({ title, checks }) => [
    '',
    `### ${title}`,
    '',
    ...table(
      head,
      checks.map(({ id, level }) => [
        `[${id}](#${id.toLowerCase()})`,
        level,
        ...names.map((name) => markOf(inits[name]?.checks[id]?.verdicts ?? '')),
      ]),
    ),
  ]);
  const details = allChecks.flatMap(({ id, level, statement, expected, sources }) => {
    const rows = names.flatMap((name): readonly (readonly string[])[] => {
      const row = inits[name]?.checks[id];
      if (row === undefined || /^[u.]*$/.test(row.verdicts)) return [];
      return [[name, markOf(row.verdicts), inTable(seenOn(published, row))]];
    });
    const lines = rows.length === 0 ? ['Asked of none of these.'] : table(['init', '', 'seen'], rows);
    return [
      '',
      `### ${id}`,
      '',
      `**${level}** ${statement} Expected: ${inTable(expected)}.`,
      '',
      `Sources: ${sources.map(inTable).join('; ')}.`,
      '',
      ...lines,
    ];
  });
  return [
    '<!-- Made by `npm run generate` from inits.json; do not edit. -->',
    '# Container inits: who does what',
    '',
    `${names.length} programs as PID 1, ${allChecks.length} checks, on Linux ${kernels.map(({ version }) => version).join(', ')}. Debian's and npm's packages, run for real by \`npx kernspec init --all\`.`,
    '',
    '✓ pass · **✗** a MUST fails · ! a SHOULD does not hold · · a choice or a number · – could not be asked of this program. Several marks in a cell: one for each kernel, oldest first.',
    ...picture,
    '',
    '## The checks, and what was seen',
    ...details,
    '',
  ].join('\n');
};
