import { styleText } from 'node:util';
import type { Claim } from '../claims/claim.ts';
import { matrixOf, type Cell } from '../claims/matrix.ts';
import { verdicts, type Verdict } from '../claims/verdict.ts';
import { seriesOf } from '../kernels/version.ts';
import { printable } from './printable.ts';
import type { RunRecord } from './record.ts';

export interface TerminalOptions {
  readonly color: boolean;
  /** Columns there are. */
  readonly width: number;
  readonly unicode: boolean;
}

const marks: Readonly<
  Record<
    Verdict,
    { readonly fancy: string; readonly plain: string; readonly format: 'green' | 'red' | 'gray' | 'yellow' }
  >
> = {
  holds: { fancy: '✓', plain: '+', format: 'green' },
  violated: { fancy: '✗', plain: 'X', format: 'red' },
  inapplicable: { fancy: '–', plain: '-', format: 'gray' },
  inconclusive: { fancy: '?', plain: '?', format: 'yellow' },
};

type Format = Parameters<typeof styleText>[0];
type Paint = (format: Format, text: string) => string;

/** Cuts the middle out of a text that is too long. */
const shortened = (text: string, width: number): string => {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
};

const centred = (text: string, width: number, painted: string): string => {
  const left = Math.floor((width - text.length) / 2);
  return `${' '.repeat(left)}${painted}${' '.repeat(width - text.length - left)}`;
};

/** Claims × kernels as people see it: areas as headings, a mark a cell, totals below, then what needs to be looked at. */
export const terminalMatrix = (
  record: RunRecord,
  claims: readonly Pick<Claim, 'id' | 'statement'>[],
  options: TerminalOptions,
): string => {
  const paint: Paint = (format, text) => (options.color ? styleText(format, text, { validateStream: false }) : text);
  const mark = (verdict: Verdict): string => marks[verdict][options.unicode ? 'fancy' : 'plain'];
  const kernels = record.kernels.map(({ id }) => id);
  const matrix = matrixOf(record.results, kernels);
  const labelOf = (cell: Cell): string => {
    const bad = cell.counts[cell.verdict] ?? 0;
    const total = Object.values(cell.counts).reduce((sum, count) => sum + count, 0);
    return total > 1 && cell.verdict !== 'holds' ? `${mark(cell.verdict)}${bad}/${total}` : mark(cell.verdict);
  };
  const cells = matrix.claims.flatMap((claim) => kernels.map((kernel) => matrix.cell(claim, kernel)));
  const columnWidth = Math.max(
    6,
    ...record.kernels.map(({ series }) => series.length + 1),
    ...cells.map((cell) => (cell === undefined ? 0 : labelOf(cell).length + 1)),
  );
  const labelWidth = Math.max(20, Math.min(60, options.width - 2 - columnWidth * kernels.length));
  const cellText = (cell: Cell | undefined): string => {
    if (cell === undefined) return centred('·', columnWidth, paint('gray', options.unicode ? '·' : '.'));
    const label = labelOf(cell);
    return centred(label, columnWidth, paint(marks[cell.verdict].format, label));
  };
  const heading = record.kernels.map(({ series }) => centred(series, columnWidth, paint('bold', series))).join('');
  const lines = [`${' '.repeat(labelWidth + 2)}${heading}`];
  const judged = new Set(matrix.claims);
  const areaOf = (claim: string): string => claim.slice(0, claim.indexOf('.'));
  const shown = claims.map(({ id }) => id).filter((id) => judged.has(id));
  for (const area of new Set(shown.map(areaOf))) {
    lines.push(paint('bold', area));
    for (const claim of shown.filter((id) => areaOf(id) === area)) {
      const label = shortened(claim.slice(area.length + 1), labelWidth).padEnd(labelWidth);
      lines.push(`  ${label}${kernels.map((kernel) => cellText(matrix.cell(claim, kernel))).join('')}`);
    }
  }
  const seen = verdicts.filter((verdict) => record.results.some((result) => result.verdict === verdict));
  lines.push(
    '',
    `  ${seen.map((verdict) => `${paint(marks[verdict].format, mark(verdict))} ${verdict}`).join('   ')}`,
    '',
  );
  return [...lines, ...kernelLines(record, paint), ...troubleLines(record, claims, paint, mark)].join('\n');
};

/** One line for each kernel: its release, how long it took, how many claims got which verdict. */
const kernelLines = ({ kernels, results }: RunRecord, paint: Paint): readonly string[] => {
  const width = Math.max(0, ...kernels.map(({ release }) => release.length));
  const seriesWidth = Math.max(5, ...kernels.map(({ series }) => series.length));
  return kernels.map(({ id, series, release }) => {
    const own = results.filter(({ kernel }) => kernel === id);
    const counts = verdicts.map((verdict) => ({
      verdict,
      count: own.filter((result) => result.verdict === verdict).length,
    }));
    const told = counts
      .filter(({ count }) => count > 0)
      .map(({ verdict, count }) => paint(marks[verdict].format, `${count} ${verdict}`));
    const seconds = own.reduce((sum, { ms }) => sum + ms, 0) / 1000;
    return `  ${series.padEnd(seriesWidth)} ${release.padEnd(width)}  ${told.join(', ')}${paint('gray', `  ${seconds.toFixed(1)} s`)}`;
  });
};

/** Lines of a reason that are shown; the evidence has all of it. */
const shownLines = 16;

/** The beginning of a text and, of one that is too long, its end. */
const excerpt = (text: string): readonly string[] => {
  const lines = text.split('\n');
  if (lines.length <= shownLines) return lines;
  const half = shownLines / 2;
  return [...lines.slice(0, half), `… ${lines.length - shownLines} more lines in the evidence`, ...lines.slice(-half)];
};

/** Everything that does not hold: what was claimed, what was seen, and how to see it again. */
const troubleLines = (
  { results, kernels }: RunRecord,
  claims: readonly Pick<Claim, 'id' | 'statement'>[],
  paint: Paint,
  mark: (verdict: Verdict) => string,
): readonly string[] => {
  const release = new Map(kernels.map(({ id, release: name }) => [id, name]));
  const bad = results.filter(({ verdict }) => verdict === 'violated' || verdict === 'inconclusive');
  // A kernel that does not boot says so once, not for each claim.
  const same = new Map<string, RunRecord['results']>();
  for (const result of bad) {
    const { kernel, verdict, claim, reason = '', evidence } = result;
    const key =
      verdict === 'inconclusive' && reason !== '' ? `${kernel}\n${reason}` : `${kernel}\n${claim} ${evidence}`;
    same.set(key, [...(same.get(key) ?? []), result]);
  }
  return [...same.values()].flatMap(([result, ...others]) => {
    if (result === undefined) return [];
    return [
      '',
      `${paint(marks[result.verdict].format, `${mark(result.verdict)} ${result.verdict}`)}  ${paint('bold', result.claim)} on ${release.get(result.kernel) ?? seriesOf(result.kernel)}`,
      `  ${claims.find(({ id }) => id === result.claim)?.statement ?? ''}`,
      ...excerpt(printable(result.reason ?? '')).map((line) => `    ${line}`),
      ...(result.evidence === '' ? [] : [`  evidence   ${result.evidence}`]),
      `  reproduce  ${result.reproduce}`,
      ...(others.length === 0 ? [] : [`  and ${others.length} more claims on this kernel for the same reason`]),
    ];
  });
};
