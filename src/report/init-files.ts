import { allChecks } from '../inits/checks.ts';
import type { InitVerdict } from '../inits/check.ts';
import { counts, type InitRecord, type InitResult, type TargetRecord } from './init-record.ts';
import { countOf, dutyVerdicts } from './init-scorecard.ts';
import { xmlText } from './junit.ts';
import { printableLine } from './printable.ts';

const statementOf = (id: string): string => allChecks.find((check) => check.id === id)?.statement ?? '';

const areaOf = (id: string): string => id.split('-')[0] ?? id;

/** The record as JUnit XML: a suite for each target and section, what counts against the target is a failure. */
export const initToJunit = (record: InitRecord): string => {
  const testcase = (target: TargetRecord, result: InitResult): string => {
    const { check, verdict, expected, actual, reason = '' } = result;
    const message = xmlText(`${statementOf(check)} Expected: ${expected}. Actual: ${actual}`);
    const body = counts(result, record.strict)
      ? `<failure message="${message}"/>`
      : verdict === 'untested'
        ? `<skipped message="${xmlText(reason)}"/>`
        : `<system-out>${xmlText(`${verdict}: ${actual}`)}</system-out>`;
    return `    <testcase classname="${xmlText(`${target.name}.${target.kernel}`)}" name="${xmlText(check)}" time="${(result.ms / 1000).toFixed(3)}">${body}</testcase>`;
  };
  const suites = record.targets.flatMap((target) =>
    [...new Set(target.results.map(({ check }) => areaOf(check)))].map((area) => {
      const results = target.results.filter(({ check }) => areaOf(check) === area);
      const failures = results.filter((result) => counts(result, record.strict)).length;
      const name = xmlText(`${target.name} ${area} ${target.kernel}`);
      return [
        `  <testsuite name="${name}" tests="${results.length}" failures="${failures}" errors="0" skipped="${countOf(results, 'untested')}">`,
        ...results.map((result) => testcase(target, result)),
        '  </testsuite>',
      ].join('\n');
    }),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="kernspec init">\n${suites.join('\n')}\n</testsuites>\n`;
};

/** A description must not look like a directive. (TAP 14) */
const oneLine = (text: string): string => printableLine(text).replaceAll('#', '\\#');

/** The record as TAP, version 14. */
export const initToTap = (record: InitRecord): string => {
  const lines = record.targets.flatMap((target) => target.results.map((result) => ({ target, result })));
  const told = lines.map(({ target, result }, i) => {
    const name = oneLine(`${target.name} ${target.kernel} ${result.check}`);
    const told = result.verdict === 'untested' ? `# SKIP ${oneLine(result.reason ?? '')}` : oneLine(result.actual);
    return `${counts(result, record.strict) ? 'not ok' : 'ok'} ${i + 1} - ${name}: ${told}`;
  });
  return `TAP version 14\n1..${lines.length}\n${told.join('\n')}\n`;
};

const badgeColors: Readonly<Record<'good' | 'soft' | 'bad', string>> = {
  good: '#2e7d32',
  soft: '#b26a00',
  bad: '#c62828',
};

/** A badge for a README: the three duties and the MUST checks of one target, the worst kernel counting. */
export const initBadge = (targets: readonly TargetRecord[]): string => {
  const results = targets.flatMap((target) => target.results);
  const duties = (['D1', 'D2', 'D3'] as const).filter((duty) =>
    targets.every((target) => dutyVerdicts(target.results)[duty] === 'pass'),
  ).length;
  const musts = results.filter(({ level, verdict }) => level === 'MUST' && verdict !== 'untested');
  const passed = countOf(musts, 'pass');
  const color =
    duties < 3 || passed < musts.length
      ? badgeColors.bad
      : countOf(results, 'non-strict') > 0
        ? badgeColors.soft
        : badgeColors.good;
  const left = 'container init';
  const right = `${duties}/3 duties · ${passed}/${musts.length} MUST`;
  const width = (text: string): number => 10 + Math.round(text.length * 6.4);
  const [a, b] = [width(left), width(right)];
  const text = (x: number, content: string): string => `<text x="${x}" y="14">${xmlText(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${a + b}" height="20" role="img" aria-label="${xmlText(`${left}: ${right}`)}">`,
    `<rect width="${a + b}" height="20" rx="3" fill="#444"/><path d="M${a} 0h${b - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H${a}z" fill="${color}"/>`,
    `<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">${text(a / 2, left)}${text(a + b / 2, right)}</g>`,
    '</svg>',
    '',
  ].join('\n');
};

/** A line of a file of known failures: `tini SIG-EPERM  # krallin/tini#9`, or a check alone. */
export interface KnownFailure {
  readonly target?: string;
  readonly check: string;
}

export const parseKnownFailures = (text: string): readonly KnownFailure[] =>
  text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [first = '', second] = line.split(/\s+/);
      return second === undefined ? { check: first } : { target: first, check: second };
    });

/** What a file of known failures makes of a record: failures that are not in it, and passes of what is. */
export const againstKnownFailures = (
  record: InitRecord,
  known: readonly KnownFailure[],
): { readonly unknown: readonly string[]; readonly mended: readonly string[] } => {
  const unknown: string[] = [];
  const mended: string[] = [];
  const good: readonly InitVerdict[] = ['pass'];
  for (const { name, kernel, results } of record.targets)
    for (const result of results) {
      const listed = known.some(({ target, check }) => check === result.check && (target ?? name) === name);
      const words = `${name} ${result.check} on ${kernel}`;
      if (counts(result, record.strict) && !listed) unknown.push(words);
      if (listed && good.includes(result.verdict)) mended.push(words);
    }
  return { unknown, mended };
};
