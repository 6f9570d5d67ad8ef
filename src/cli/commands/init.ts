import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { NothingSelectedError, UsageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { projectRoot } from '../../base/paths.ts';
import { roles, type Role } from '../../inits/check.ts';
import { allChecks, selectChecks } from '../../inits/checks.ts';
import { targetOf } from '../../inits/known.ts';
import { takesCommand, usualEnds, type Target } from '../../inits/target.ts';
import {
  againstKnownFailures,
  initBadge,
  initToJunit,
  initToTap,
  parseKnownFailures,
} from '../../report/init-files.ts';
import { drift, publishInits } from '../../report/init-matrix.ts';
import type { InitRecord, InitResult, TargetRecord } from '../../report/init-record.ts';
import { initTable, scorecards } from '../../report/init-scorecard.ts';
import { shellWord } from '../../../vm/link/ssh.ts';
import { initDocuments, readPublishedInits } from '../documents.ts';
import { exitCodes } from '../exit-codes.ts';
import { onInterrupt } from '../interrupt.ts';
import { readKnownInits } from '../known-inits.ts';
import { wantsColor, writeJson, writeText } from '../output.ts';
import { selfcheckInits } from '../init-selfcheck.ts';
import { InitRun, type Wanted } from '../init-run.ts';
import { prepareKernels } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { newRunId, recordHead } from '../record-head.ts';
import { positive } from '../selection.ts';
import { ownTarget } from '../own-target.ts';

interface InitOptions {
  readonly kernel?: readonly string[];
  readonly check?: readonly string[];
  readonly profile?: string;
  readonly strict?: true;
  readonly all?: true;
  readonly selfcheck?: true;
  readonly publish?: true;
  readonly grace: number;
  readonly stopSignal?: string;
  readonly rootfs?: string;
  readonly inits?: string;
  readonly workers: number;
  readonly knownFailures?: string;
  readonly json?: string | true;
  readonly junit?: string;
  readonly tap?: string;
  readonly badge?: string;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const seconds = (value: string): number => {
  const number = Number(value.replace(/s$/, ''));
  if (!(number > 0 && number <= 600)) throw new InvalidArgumentError('It is no number of seconds up to 600.');
  return number;
};

/** `kernspec init` */
export const registerInit = (program: Command): void => {
  program
    .command('init')
    .description("validate container inits: do they do a PID 1's duties?")
    .argument('[names...]', 'inits of the catalogue (kernspec list inits); or -- and a command line with {cmd}')
    .option('-k, --kernel <selector>', 'kernels to run on (repeatable)', collect)
    .option('-c, --check <id>', 'a check, the beginning of an id, or "core" (repeatable)', collect)
    .option(
      '--profile <name>',
      'core (a selection of checks), or what the program is: wrapper, supervisor, bare, library',
    )
    .option('--strict', 'SHOULD counts as MUST')
    .option('--all', 'all inits of the catalogue')
    .option('--selfcheck', 'prove that the checks can fail: ask each of an init that is broken in just that way')
    .option('--publish', 'put what is found into docs/generated/inits.json and the page beside it')
    .option('--grace <seconds>', 'how long a container has to stop', seconds, 10)
    .option('--stop-signal <name>', 'what asks it to stop: TERM, or e.g. 37 for SIGRTMIN+3')
    .option(
      '--rootfs <tar|dir>',
      'run it inside this root file system: docker save, docker export, OCI layout, tar, folder',
    )
    .option('--inits <file>', 'another catalogue of inits than ours, in the same form')
    .option('--workers <n>', 'machines at a time', positive, cpus().length)
    .option('--known-failures <file>', 'lines "CHECK" or "NAME CHECK" that may fail, and must not pass')
    .option('--json [file]', 'the record as JSON, on stdout or in a file')
    .option('--junit <file>', 'the record as JUnit XML')
    .option('--tap <file>', 'the record as TAP')
    .option('--badge <file>', 'an SVG for a README')
    .addHelpText(
      'after',
      `
Examples:
  kernspec init tini dumb-init catatonit            three scorecards
  kernspec init --profile core tini                 the 20 checks that matter most
  kernspec init -- ./my-init --flag -- {cmd}        your own binary; {cmd} is where the command goes
  kernspec init -- ./server                         a program that is PID 1 itself
  kernspec init --rootfs image.tar -- /sbin/init {cmd}
  kernspec init tini --check SIG-EPERM --kernel default

Exit codes: 0 all MUST pass, 1 one fails (or a SHOULD with --strict), 2 usage, 3 our side or a control failed, 4 no such check, 130 interrupted`,
    )
    .action(async (words: string[], options: InitOptions) => {
      const at = process.argv.indexOf('--');
      const argv = at < 0 ? [] : process.argv.slice(at + 1);
      process.exitCode = await init(words.slice(0, words.length - argv.length), argv, options);
    });
};

const roleOf = (profile: string | undefined): Role | undefined => {
  if (profile === undefined || profile === 'core') return undefined;
  const role = roles.find((name) => name === profile);
  if (role === undefined)
    throw new UsageError(`There is no profile "${profile}".`, { hint: `Profiles: core, ${roles.join(', ')}.` });
  return role;
};

const wantedOf = async (names: readonly string[], argv: readonly string[], options: InitOptions): Promise<Wanted> => {
  const known = await readKnownInits(options.inits);
  const selected = names.map((name) => {
    const init = known.find((one) => one.name === name);
    if (init === undefined)
      throw new NothingSelectedError(`There is no init "${name}" in the catalogue.`, {
        hint: didYouMean(
          name,
          known.map((one) => one.name),
          'A program of your own goes behind --: kernspec init -- ./my-init {cmd}',
        ),
      });
    return init;
  });
  if (options.rootfs !== undefined && argv.length === 0 && names.length > 0)
    throw new UsageError('--rootfs needs the command line behind --, as it is inside the root file system.', {
      hint: 'kernspec init --rootfs image.tar -- /sbin/tini -- {cmd}',
    });
  const chosen = options.all === true ? known : selected;
  const role = roleOf(options.profile);
  const adapt = (target: Target): Target => ({
    ...target,
    ...(role !== undefined && { role }),
    ...(options.stopSignal !== undefined && { stopSignal: options.stopSignal.replace(/^SIG/, '') }),
  });
  const targets = chosen.map((one) => adapt(targetOf(one)));
  const again = (target: Target, kernel: string, check: string): string => {
    const what = targets.includes(target) ? [target.name] : [];
    const rest = targets.includes(target) ? [] : ['--', ...argv];
    const flags = (['inits', 'rootfs', 'stopSignal'] as const).flatMap((name) =>
      options[name] === undefined ? [] : [name === 'stopSignal' ? '--stop-signal' : `--${name}`, options[name]],
    );
    const profile = role === undefined ? [] : ['--profile', role];
    const words = [...what, '--kernel', kernel, '--check', check, ...flags, ...profile, ...rest];
    return `npx kernspec init ${words.map(shellWord).join(' ')}`;
  };
  const extras = {
    packages: chosen.flatMap((one) => one.packages),
    npm: Object.fromEntries(chosen.flatMap((one) => Object.entries(one.npm))),
  };
  if (argv.length === 0 && options.rootfs === undefined) {
    if (targets.length === 0)
      throw new UsageError('Nothing to validate is named.', {
        hint: 'kernspec init tini, kernspec init --all, or kernspec init -- ./my-init {cmd}; `kernspec list inits` shows the catalogue.',
      });
    return { targets, extras, again };
  }
  const { target, files } = await ownTarget(argv, options.rootfs);
  const own = adapt({ ...target, role: role ?? target.role, stopSignal: 'TERM', endsOn: usualEnds });
  if ((own.role === 'wrapper' || own.role === 'library') && !takesCommand(own))
    throw new UsageError(`A ${own.role} needs {cmd} in its command line: the place of the command that it runs.`, {
      hint: `kernspec init --profile ${own.role} -- ${argv.join(' ')} {cmd}, or --profile bare for a program that is PID 1 itself.`,
    });
  return { targets: [...targets, own], extras, files, again };
};

const init = async (names: readonly string[], argv: readonly string[], options: InitOptions): Promise<number> => {
  const progress = new Progress();
  const checks = selectChecks([...(options.profile === 'core' ? ['core'] : []), ...(options.check ?? [])]);
  if (options.selfcheck === true) {
    if (names.length + argv.length > 0)
      throw new UsageError('--selfcheck is about our own broken inits: no other can be named.', {
        hint: 'kernspec init --selfcheck --check REAP-STORM',
      });
    return await selfcheckInits(await prepareKernels(options.kernel ?? ['newest'], progress), checks, {
      ...options,
      progress,
    });
  }
  const knownFailures =
    options.knownFailures === undefined ? undefined : parseKnownFailures(await readText(options.knownFailures));
  if (options.publish === true && (argv.length > 0 || options.inits !== undefined || options.rootfs !== undefined))
    throw new UsageError('--publish is for programs of our catalogue: the page has a row for no other.', {
      hint: 'Add the program to guest/inits/known.json, or keep its record with --json FILE.',
    });
  const wanted = await wantedOf(names, argv, options);
  const kernels = await prepareKernels(options.kernel ?? ['newest'], progress, wanted.extras);
  const run = new InitRun(await recordHead(newRunId(), kernels, ''), { ...wanted, checks, progress, ...options });
  await using interrupt = onInterrupt(() => undefined);
  for (const kernel of kernels) if (!interrupt.signal.aborted) await run.on(kernel, interrupt.signal);
  progress.clear();
  const record = await run.finish(interrupt.signal.aborted);
  return await report(record, options, run.directory, knownFailures);
};

const readText = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The file of known failures ${path} cannot be read.`, { cause: error });
  }
};

const report = async (
  record: InitRecord,
  options: InitOptions,
  directory: string,
  known: ReturnType<typeof parseKnownFailures> | undefined,
): Promise<number> => {
  if (options.json !== undefined) await writeJson(record, options.json);
  if (options.junit !== undefined) await writeText(initToJunit(record), options.junit);
  if (options.tap !== undefined) await writeText(initToTap(record), options.tap);
  if (options.badge !== undefined) await writeText(initBadge(record.targets), options.badge);
  const color = wantsColor(process.stdout);
  const picture = record.targets.length > 6 ? initTable(record, { color }) : scorecards(record, { color });
  const stream = options.json === true ? process.stderr : process.stdout;
  if (record.controls.length > 0) {
    const troubles = record.controls.map((line) => `  ${line}\n`).join('');
    stream.write(`Our own controls failed: nothing is judged.\n${troubles}  record  ${join(directory, 'init.json')}\n`);
  } else stream.write(`${picture}\n\n  record  ${join(directory, 'init.json')}\n`);
  const { unknown = [], mended = [] } = known === undefined ? {} : againstKnownFailures(record, known);
  for (const line of unknown) stream.write(`  fails, and is not known to: ${line}\n`);
  for (const line of mended) stream.write(`  passes, although it is listed as a known failure: ${line}\n`);
  // Of the whole catalogue much is known to fail: what counts is what has changed.
  const expected = options.all === true && options.inits === undefined ? await readPublishedInits() : undefined;
  const changes = expected === undefined ? [] : drift(expected, record);
  for (const line of changes) stream.write(`  changed: ${line}\n`);
  if (options.publish === true) await publish(record);
  if (expected !== undefined) return exitCodeOf(record, changes.length > 0);
  return exitCodeOf(record, known === undefined ? record.reason === 'failed' : unknown.length + mended.length > 0);
};

const publish = async (record: InitRecord): Promise<void> => {
  const programs = (await readKnownInits()).map(({ name }) => name);
  const published = publishInits(await readPublishedInits(), record, programs);
  for (const [path, text] of Object.entries(initDocuments(published))) await writeText(text, join(projectRoot, path));
};

/** @param bad whether something that was found speaks against a target */
const exitCodeOf = (record: InitRecord, bad: boolean): number => {
  if (record.reason === 'interrupted') return exitCodes.interrupted;
  if (record.controls.length > 0) return exitCodes.infrastructure;
  if (bad) return exitCodes.violated;
  // All that an init must do was found out, or nothing good is said of it.
  return record.targets.some((target) => target.results.some((result) => unanswered(target, result)))
    ? exitCodes.infrastructure
    : exitCodes.ok;
};

/** Whether a MUST that can be asked of a target could not be found out. */
const unanswered = ({ role }: TargetRecord, { check, level, verdict }: InitResult): boolean =>
  level === 'MUST' &&
  verdict === 'untested' &&
  allChecks.some(({ id, roles: of }) => id === check && of.includes(role));
