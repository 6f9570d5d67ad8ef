/** A kernel cannot be built to its end: one sentence, no process left, and the next attempt goes on where it stopped. */
import { createServer, type Server } from 'node:http';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { onLines } from '../../base/lines.ts';
import { kernelOffers } from '../../provision/kernels.ts';
import { until, Workplace } from '../workplace.ts';

/** The oldest source on offer. */
const build = ['kernels', 'build', 'min:5.10'];

/** The archive as this computer knows it. */
const online = { KERNSPEC_MIRROR: process.env['KERNSPEC_MIRROR'] };

let place: Workplace;

beforeAll(async () => {
  await kernelOffers();
  place = await Workplace.create([]);
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await until('the end of all processes', 2_000, () => place.processes().length === 0);
});
afterAll(() => place[Symbol.asyncDispose]());

/** The directory of the only build that was begun; undefined before there is one. */
const workshop = (): string | undefined => {
  const builds = join(place.cache, 'builds');
  const [name] = existsSync(builds) ? readdirSync(builds) : [];
  return name === undefined ? undefined : join(builds, name);
};

/** What of a source has been unpacked by somebody who is still at it. */
const unpacked = (): readonly string[] => {
  const [unfinished] = readdirSync(workshop() ?? '').filter((name) => name.startsWith('source.tmp-'));
  const names = unfinished === undefined ? [] : readdirSync(join(workshop() ?? '', unfinished));
  return names.filter((name) => name !== 'raw');
};

/**
 * Object files of the kernel that have been compiled, to the end: by then make has written down how. These directories come
 * first. (Documentation/kbuild/makefiles.rst, if_changed)
 */
const objects = (): readonly string[] =>
  ['init', 'arch/x86/entry', 'arch/x86/kernel'].flatMap((name) => {
    const directory = join(workshop() ?? '', 'objects', name);
    const names = existsSync(directory) ? readdirSync(directory) : [];
    return names
      .filter((file) => file.endsWith('.o') && names.includes(`.${file}.cmd`))
      .map((file) => join(directory, file));
  });

const started: ReturnType<Workplace['kernspec']>[] = [];

/** A build that runs until it is ended. */
const start = () => {
  const child = place.kernspec(build, online);
  started.push(child);
  return {
    says: (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        onLines(child.stderr, (line) => {
          if (line.includes(text)) resolve();
        });
        void child.then(({ stderr }) => reject(new Error(`It has ended without a word of "${text}":\n${stderr}`)));
      }),
    end: async (signal: NodeJS.Signals): Promise<number | undefined> => {
      child.kill(signal);
      return (await child).exitCode;
    },
  };
};

/** An archive that has nothing any more. */
const emptyArchive = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.writeHead(404).end());
    server.listen(0, '127.0.0.1', () => resolve(server));
  });

test('the source has left the archive', async () => {
  const server = await emptyArchive();
  const { port } = server.address() as AddressInfo;
  const lists = join(place.cache, 'apt/kernels/lists');
  for (const name of (await readdir(lists)).filter((entry) => entry.includes('_dists_')))
    await copyFile(join(lists, name), join(lists, name.replace(/^.*?(?=_debian)/, `127.0.0.1:${port}`)));
  const { exitCode, stderr } = await place.kernspec(build, { KERNSPEC_MIRROR: `http://127.0.0.1:${port}` });
  server.close();
  expect(stderr).toMatch(/error linux-source-5\.10 \S+ is no longer in the archive\.\n hint .*kernels list --refresh/);
  expect(exitCode).toBe(3);
  expect(await place.temporaries()).toEqual([]);
});

test('the disk is full while the source is unpacked', async () => {
  const builds = join(place.cache, 'builds');
  await mkdir(builds);
  const { exitCode, stderr } = await place.onSmallDisk({ directory: builds, size: '300M', env: online }, build);
  expect(stderr).toMatch(/error No space left on the disk of \S+ while unpacking the source of a kernel\.\n hint /);
  expect(exitCode).toBe(3);
});

test('the builder is killed while the source is unpacked', async () => {
  const builder = start();
  await builder.says('unpacking the source');
  await until('a file of the source', 60_000, () => unpacked().length > 0);
  await builder.end('SIGKILL');
});

test('the builder is killed while it compiles: all of it ends, and what is compiled stays so', async () => {
  const killed = start();
  await killed.says('compiling');
  await until('an object', 100_000, () => objects().length > 0);
  await killed.end('SIGKILL');
  await until('the end of the compilers', 2_000, () => place.processes().length === 0);
  expect(readdirSync(workshop() ?? '').toSorted()).toEqual(['objects', 'source']);
  const kept = objects();
  const [first = ''] = kept;
  const { mtimeMs } = statSync(first);
  const next = start();
  await next.says('compiling');
  await until('more objects', 100_000, () => objects().length > kept.length);
  expect(await next.end('SIGINT')).toBe(130);
  expect(statSync(first).mtimeMs).toBe(mtimeMs);
});

test('the disk is full while it compiles', async () => {
  const { exitCode, stderr } = await place.onSmallDisk(
    { directory: join(workshop() ?? '', 'objects'), size: '20M', env: online },
    build,
  );
  expect(stderr).toMatch(/error No space left on the disk of \S+objects while compiling a kernel\.\n hint /);
  expect(exitCode).toBe(3);
});
