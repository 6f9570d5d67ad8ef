/** The pages of docs/generated/: pure functions of the claims and of what they were seen to be. */
import type { Claim, Source } from '../claims/claim.ts';
import { checkArms } from '../claims/expectation.ts';
import { cellsOf, type PublishedCell, type PublishedMatrix } from './published-matrix.ts';

/** A claim, and the file that checks it, relative to the project. */
export interface DocumentedClaim {
  readonly claim: Claim;
  readonly file: string;
}

const made = '<!-- Made by `npm run generate` from the claims and from matrix.json; do not edit. -->';

const sourceText = (source: Source): string => {
  switch (source.kind) {
    case 'man':
      return source.section === undefined ? source.page : `${source.page} “${source.section}”`;
    case 'kernel':
      return `\`${source.function}()\` in ${source.file}`;
    case 'commit':
      return `commit ${source.hash} “${source.title}”`;
  }
};

const areaOf = (id: string): string => id.slice(0, id.indexOf('.'));

const code = (text: string): string => `\`${text.replaceAll('`', "'").replaceAll(/\s+/g, ' ')}\``;

const inTable = (text: string): string => text.replaceAll('|', '\\|');

/** Kernels with neighbours that agree, as ranges of series: `5.10 … 6.12: ENOENT`. */
const rangesOf = (cells: readonly PublishedCell[], value: (cell: PublishedCell) => string): readonly string[] => {
  const ranges: { readonly from: string; to: string; readonly value: string }[] = [];
  for (const cell of cells) {
    const last = ranges.at(-1);
    if (last?.value === value(cell)) last.to = cell.series;
    else ranges.push({ from: cell.series, to: cell.series, value: value(cell) });
  }
  return ranges.map(({ from, to, value: text }) => `${from === to ? from : `${from} … ${to}`}: ${text}`);
};

const verdictText = ({ verdict }: PublishedCell): string => verdict ?? 'not judged';

/** What is known of a claim on all kernels, in a line. */
const stateOf = (cells: readonly PublishedCell[]): string => {
  const verdicts = rangesOf(cells, verdictText);
  const everywhere = verdicts.length === 1 && cells[0]?.verdict === 'holds';
  const values = cells.some(({ observed }) => observed !== undefined)
    ? rangesOf(cells, ({ observed }) => (observed === undefined ? '–' : code(observed))).join(' · ')
    : '';
  return [everywhere ? `holds on all ${cells.length} kernels` : verdicts.join(' · '), values]
    .filter((text) => text !== '')
    .join('; ');
};

const claimLines = ({ claim, file }: DocumentedClaim, matrix: PublishedMatrix): readonly string[] => [
  `### ${claim.id}`,
  '',
  claim.statement,
  '',
  `- Sources: ${claim.sources.map(sourceText).join('; ')}`,
  ...(claim.entries === undefined ? [] : [`- Catalogue: ${claim.entries.join(', ')}`]),
  ...(claim.needs === undefined ? [] : [`- Needs: ${claim.needs.join(', ')}`]),
  `- Measured: ${stateOf(cellsOf(matrix, claim.id))}`,
  `- Observed by [${file.replace(/^specs\//, '')}](../../${file})${(matrix.claims[claim.id]?.fixtures ?? []).map((fixture) => `, ${code(fixture)}`).join('')}`,
  '',
];

/** docs/generated/claims.md: every claim with its sources, its value on each kernel, and how it is observed. */
export const claimsPage = (claims: readonly DocumentedClaim[], matrix: PublishedMatrix): string => {
  const areas = [...new Set(claims.map(({ claim }) => areaOf(claim.id)))].toSorted();
  const own = (area: string): readonly DocumentedClaim[] => claims.filter(({ claim }) => areaOf(claim.id) === area);
  return [
    '# The claims',
    '',
    made,
    '',
    `${claims.length} claims, judged on ${matrix.kernels.map(({ version }) => version).join(', ')}.`,
    '',
    '| area | claims |',
    '| --- | --- |',
    ...areas.map((area) => `| [${area}](#${area}) | ${own(area).length} |`),
    '',
    ...areas.flatMap((area) => [`## ${area}`, '', ...own(area).flatMap((claim) => claimLines(claim, matrix))]),
  ].join('\n');
};

/** The claims that are not the same on all kernels: several values are expected, or were observed. */
const differing = (claims: readonly DocumentedClaim[], matrix: PublishedMatrix): readonly DocumentedClaim[] =>
  claims.filter(({ claim }) => {
    const cells = cellsOf(matrix, claim.id);
    return (
      claim.expected !== undefined ||
      new Set(cells.map(({ observed }) => observed)).size > 1 ||
      new Set(cells.map(({ verdict }) => verdict)).size > 1
    );
  });

/** Where the value of a claim changes: between which two kernels of the matrix, from what to what. */
interface Boundary {
  readonly from: PublishedCell;
  readonly to: PublishedCell;
  readonly documented: DocumentedClaim;
}

const boundariesOf = (documented: DocumentedClaim, matrix: PublishedMatrix): readonly Boundary[] => {
  const cells = cellsOf(matrix, documented.claim.id);
  return cells.slice(1).flatMap((to, index) => {
    const from = cells[index];
    if (from === undefined || (from.observed === to.observed && from.verdict === to.verdict)) return [];
    return [{ from, to, documented }];
  });
};

const valueText = ({ observed, verdict }: PublishedCell): string =>
  observed === undefined ? verdictText({ verdict } as PublishedCell) : code(observed);

const commitsOf = ({ expected }: Claim): readonly string[] =>
  (expected?.arms ?? []).flatMap(({ range, since }) =>
    since === undefined ? [] : [`${range}: ${since.commit} “${since.title}”`],
  );

/** Expectations of which no kernel of the matrix can tell whether they are right. */
const unexercisedArms = (claims: readonly DocumentedClaim[], { kernels }: PublishedMatrix): readonly string[] => {
  const versions = kernels.map(({ version }) => version);
  const lines = claims.flatMap(({ claim }) =>
    claim.expected === undefined
      ? []
      : checkArms(claim.expected, versions).unexercised.map((range) => `- ${claim.id}: ${code(range)}`),
  );
  return lines.length === 0 ? [] : ['## Expectations that no kernel on offer exercises', '', ...lines, ''];
};

/** docs/generated/differences.md: what changed between the kernels, in the order of the kernels, with the commits that are known. */
export const differencesPage = (claims: readonly DocumentedClaim[], matrix: PublishedMatrix): string => {
  const boundaries = claims.flatMap((documented) => boundariesOf(documented, matrix));
  const pairs = matrix.kernels.slice(1).map(({ version }, index) => ({
    from: matrix.kernels[index]?.version ?? '',
    to: version,
    own: boundaries.filter(({ to }) => to.version === version),
  }));
  return [
    '# What changed between the kernels',
    '',
    made,
    '',
    `${differing(claims, matrix).length} of ${claims.length} claims are not the same on ${matrix.kernels.map(({ version }) => version).join(', ')}. A series that is missing between two of them may have brought a change that is told of the second.`,
    '',
    ...pairs.flatMap(({ from, to, own }) => [
      `## ${from} → ${to}`,
      '',
      ...(own.length === 0
        ? ['Nothing that a claim has noticed.', '']
        : [
            '| claim | before | after | commits |',
            '| --- | --- | --- | --- |',
            ...own.map(
              (boundary) =>
                `| [${boundary.documented.claim.id}](claims.md#${boundary.documented.claim.id.replaceAll('.', '')}) ${inTable(boundary.documented.claim.statement)} | ${inTable(valueText(boundary.from))} | ${inTable(valueText(boundary.to))} | ${inTable(commitsOf(boundary.documented.claim).join('; '))} |`,
            ),
            '',
          ]),
    ]),
    ...unexercisedArms(claims, matrix),
  ].join('\n');
};
