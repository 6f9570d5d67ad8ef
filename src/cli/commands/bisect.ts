import { access, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { HostError, NothingSelectedError, UsageError } from '../../base/errors.ts';
import { projectRoot } from '../../base/paths.ts';
import { didYouMean } from '../../base/nearest.ts';
import { run as runProgram } from '../../base/process.ts';
import type { Claim } from '../../claims/claim.ts';
import { collectClaims } from '../../harness/collect.ts';
import { bisect, type Bisected } from '../../kernels/bisection.ts';
import { parseRange } from '../../kernels/range.ts';
import { byVersion, withoutFlavour } from '../../kernels/version.ts';
import { kernelOffers, selectKernels, type Offer } from '../../provision/kernels.ts';
import { shellWord } from '../../../vm/link/ssh.ts';
import { exitCodes } from '../exit-codes.ts';
import { wantsColor, writeJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { judgeSelected } from './run.ts';

interface BisectOptions {
  readonly good?: string;
  readonly bad?: string;
  readonly source?: string;
  readonly drive?: true;
  readonly json?: string | true;
}

/** The claim of exactly this id. */
const claimCalled = async (id: string): Promise<Claim> => {
  const claims = (await collectClaims()).map(({ claim }) => claim);
  const found = claims.find((claim) => claim.id === id);
  if (found !== undefined) return found;
  throw new NothingSelectedError(`No claim is called "${id}".`, {
    hint: didYouMean(
      id,
      claims.map((claim) => claim.id),
      'One claim is bisected at a time; `kernspec list claims` shows them all.',
    ),
  });
};

const kernelMeant = async (selector: string, which: 'oldest' | 'newest'): Promise<Offer> => {
  const meant = await selectKernels([selector]);
  const offer = which === 'oldest' ? meant[0] : meant.at(-1);
  if (offer === undefined) throw new UsageError(`"${selector}" means no kernel.`);
  return offer;
};

/** The names of the kernels on offer from one end to the other, from `good` on. */
const namesBetween = async (good: Offer, bad: Offer): Promise<readonly string[]> => {
  if (good.flavour !== bad.flavour)
    throw new UsageError(`${good.name} and ${bad.name} are of two flavours; a version is looked for within one.`, {
      hint: `Name both ends: --good ${good.version}-rt --bad ${bad.version}-rt; \`kernspec diff\` compares flavours.`,
    });
  const [low, high] = [good, bad].toSorted(byVersion);
  if (low === undefined || high === undefined) return [];
  const names = (await kernelOffers())
    .filter((offer) => offer.flavour === good.flavour && byVersion(offer, low) >= 0 && byVersion(offer, high) <= 0)
    .map(({ name }) => name);
  return names[0] === good.name ? names : names.toReversed();
};

/** The commits that the claim names for the values of these two versions. */
const commitsBehind = ({ expected }: Claim, last: string, first: string) => {
  const armOf = (name: string) =>
    expected?.arms.find(({ range }) => parseRange(range)?.has(withoutFlavour(name)) === true);
  const [before, after] = [armOf(last), armOf(first)];
  return before === after ? [] : [before, after].flatMap((arm) => arm?.since ?? []);
};

const bisectClaim = async (id: string, options: BisectOptions): Promise<void> => {
  const claim = await claimCalled(id);
  const good = await kernelMeant(options.good ?? 'oldest', 'oldest');
  const bad = await kernelMeant(options.bad ?? 'newest', 'newest');
  if (options.source !== undefined) {
    process.exitCode = await inSource(claim, good.version, options.source, options.drive === true);
    return;
  }
  const names = await namesBetween(good, bad);
  const progress = new Progress();
  const ask = async (name: string): Promise<string | undefined> => {
    const judging = { kernel: [name], tag: [], append: '', workers: 1, repeat: 1 };
    const { record } = await judgeSelected([claim.id], judging, progress);
    if (record.reason === 'interrupted') process.exit(exitCodes.interrupted);
    const result = record.results[0];
    const behaviour =
      result === undefined || result.verdict === 'inconclusive' || result.verdict === 'inapplicable'
        ? undefined
        : (result.observed ?? result.verdict);
    progress.line(`  ${name.padEnd(10)} ${behaviour ?? `cannot be judged: ${result?.reason ?? 'it was not run'}`}`);
    return behaviour;
  };
  const found = await bisect(names, ask);
  if (found === 'same') {
    throw new NothingSelectedError(
      `${claim.id} does not differ between ${good.name} and ${bad.name}: there is nothing to bisect.`,
      { hint: 'Name other ends with --good and --bad; `kernspec diff A B` says which claims differ.' },
    );
  }
  if ('unjudged' in found) {
    throw new HostError(`${claim.id} cannot be judged on ${found.unjudged}, one of the two ends.`, {
      hint: `Look at it with \`kernspec run ${claim.id} --kernel ${found.unjudged}\`, or name another end.`,
    });
  }
  const commits = commitsBehind(claim, found.last, found.first);
  if (options.json !== undefined) await writeJson({ claim: claim.id, ...found, commits }, options.json);
  if (options.json !== true) process.stdout.write(`${told(claim, found, commits, names.length)}\n`);
};

const told = (
  { id, statement }: Claim,
  { last, first, before, after, skipped, steps }: Bisected,
  commits: ReturnType<typeof commitsBehind>,
  total: number,
): string => {
  const width = Math.max(last.length, first.length);
  const bold = (text: string): string =>
    wantsColor(process.stdout) ? styleText('bold', text, { validateStream: false }) : text;
  return [
    bold(id),
    `  ${statement}`,
    `  ${last.padEnd(width)}  ${before}`,
    `  ${first.padEnd(width)}  ${after}`,
    ...commits.map(({ commit, title }) => `  commit ${commit} ${title}`),
    ...(skipped.length === 0 ? [] : [`  could not be judged: ${skipped.join(', ')}`]),
    `  ${steps} of ${total} versions were asked`,
  ].join('\n');
};

/**
 * What `git bisect run` is given in a kernel tree: builds, and asks whether the kernel behaves as the good end does. A
 * kernel that cannot be built or does not boot is skipped. (git-bisect(1), "bisect run")
 */
const recipe = (claim: Claim, good: string): string => `#!/bin/sh
# In a kernel tree: git bisect start BAD GOOD && git bisect run ./kernspec-bisect.sh
# Exit 0: ${claim.id} is as on Linux ${good}; 1: it is not; 125: this revision cannot be judged.
make -s olddefconfig && make -s -j${cpus().length} bzImage || exit 125
exec ${shellWord(process.execPath)} ${shellWord(join(projectRoot, 'bin/kernspec.js'))} run ${claim.id} --as ${good} --kernel "$PWD/arch/x86/boot/bzImage"
`;

/** Writes the recipe into a kernel tree, and carries it out where that is wanted: between the ends that git already knows. */
const inSource = async (claim: Claim, good: string, source: string, drive: boolean): Promise<number> => {
  const directory = resolve(source);
  await access(join(directory, '.git')).catch(() => {
    throw new UsageError(`${source} is not a git tree.`, { hint: 'Name the root of a kernel tree that git knows.' });
  });
  const script = join(directory, 'kernspec-bisect.sh');
  await writeFile(script, recipe(claim, good), { mode: 0o755 });
  process.stdout.write(`${script}\n`);
  if (!drive) {
    process.stdout.write(`  git -C ${shellWord(directory)} bisect start BAD GOOD\n`);
    process.stdout.write(`  git -C ${shellWord(directory)} bisect run ./kernspec-bisect.sh\n`);
    return exitCodes.ok;
  }
  const { exitCode, stdout, stderr } = await runProgram('git', ['bisect', 'run', './kernspec-bisect.sh'], {
    cwd: directory,
    onStderrLine: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${stdout}\n`);
  if (exitCode === 0) return exitCodes.ok;
  throw new HostError(`git bisect run ended with exit code ${exitCode}: ${stderr.trim().split('\n').at(-1) ?? ''}`, {
    hint: 'git must know where to look (git bisect start BAD GOOD), and some revision in between must build and boot.',
  });
};

/** `kernspec bisect CLAIM` */
export const registerBisect = (program: Command): void => {
  program
    .command('bisect')
    .description('in which kernel version a behaviour changed')
    .argument('<claim>', 'the id of a claim')
    .option('--good <selector>', 'one end (the oldest version on offer unless told)')
    .option('--bad <selector>', 'the other end (the newest)')
    .option(
      '--source <dir>',
      "instead: write the recipe for git bisect run into a kernel tree; --good's behaviour counts as good",
    )
    .option('--drive', 'with --source: carry the recipe out, between the ends that git bisect start was given')
    .option('--json [file]', 'as JSON, on stdout or in a file')
    .action(bisectClaim);
};
