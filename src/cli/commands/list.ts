import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { collectClaims } from '../../harness/collect.ts';
import { fixturePrograms } from '../../provision/fixtures.ts';
import { kernelOffers } from '../../provision/kernels.ts';
import { allChecks } from '../../inits/checks.ts';
import { readKnownInits } from '../known-inits.ts';
import { writeJson } from '../output.ts';

const listClaims = async (json: boolean): Promise<void> => {
  const collected = await collectClaims();
  if (json) {
    await writeJson(
      collected.map(({ claim, file }) => ({ ...claim, file })),
      true,
    );
    return;
  }
  const width = Math.max(0, ...collected.map(({ claim }) => claim.id.length));
  for (const { claim } of collected) process.stdout.write(`${claim.id.padEnd(width)}  ${claim.statement}\n`);
};

const listKernels = async (json: boolean): Promise<void> => {
  const offers = await kernelOffers();
  if (json) await writeJson(offers, true);
  else for (const { name, release } of offers) process.stdout.write(`${name.padEnd(20)}${release}\n`);
};

const listFixtures = async (json: boolean): Promise<void> => {
  const fixtures = await fixturePrograms();
  if (json) await writeJson(fixtures, true);
  else for (const { name, file } of fixtures) process.stdout.write(`${name.padEnd(24)}${file}\n`);
};

const listInits = async (json: boolean): Promise<void> => {
  const inits = await readKnownInits();
  if (json) await writeJson(inits, true);
  else for (const { name, argv } of inits) process.stdout.write(`${name.padEnd(20)}${argv.join(' ')}\n`);
};

const listChecks = async (json: boolean): Promise<void> => {
  if (json) {
    await writeJson(
      allChecks.map(({ id, level, duty, roles, statement, expected, sources }) => ({
        id,
        level,
        duty,
        roles,
        statement,
        expected,
        sources,
      })),
      true,
    );
    return;
  }
  for (const { id, level, statement } of allChecks)
    process.stdout.write(`${id.padEnd(17)}${level.padEnd(8)}${statement}\n`);
};

/** `kernspec list claims|kernels|fixtures|inits|checks [--json]` */
export const registerList = (program: Command): void => {
  const things: Readonly<Record<string, (json: boolean) => Promise<void>>> = {
    claims: listClaims,
    kernels: listKernels,
    fixtures: listFixtures,
    inits: listInits,
    checks: listChecks,
  };
  program
    .command('list')
    .description('what there is')
    .argument('<things>', Object.keys(things).join(', '))
    .option('--json', 'as JSON on stdout')
    .action(async (name: string, { json = false }: { json?: boolean }) => {
      const list = things[name];
      if (list === undefined)
        throw new UsageError(`There is no list of ${name}.`, { hint: `Lists: ${Object.keys(things).join(', ')}.` });
      await list(json);
    });
};
