import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../base/errors.ts';
import { elfArchitecture, isElf, readElf } from './elf.ts';
import { programFiles, type ProgramFiles } from './program-files.ts';

let directory = '';
beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'kernspec-program-')));
});
afterAll(() => rm(directory, { recursive: true }));

const fresh = (): Promise<string> => mkdtemp(join(directory, 'd-'));

const compile = async (cwd: string, source: string, ...args: readonly string[]): Promise<void> => {
  await writeFile(join(cwd, 'source.c'), source);
  execFileSync('cc', ['-x', 'c', 'source.c', '-x', 'none', ...args], { cwd });
};

/** A static program, without waiting for the linker to read all of libc.a. */
const endless = ['void _start(void) { for (;;); }', '-static', '-nostdlib'] as const;

const script = async (path: string, text: string | Uint8Array): Promise<string> => {
  await writeFile(path, text, { mode: 0o755 });
  return path;
};

/** What the guest would find at an absolute path, as link targets are relative to real directories. */
const leadsTo = ({ entries }: ProgramFiles, path: string): string | undefined => {
  const entry = entries.find((other) => `/${other.path}` === path);
  if (entry?.type === 'symlink') return leadsTo({ program: '', entries }, join(path, '..', entry.target));
  return entry?.type === 'file' ? `/${entry.path}` : undefined;
};

const filesBelow = ({ entries }: ProgramFiles, top: string): readonly string[] =>
  entries
    .filter(({ type, path }) => type !== 'directory' && `/${path}`.startsWith(`${top}/`))
    .map((entry) => `/${entry.path}`.slice(top.length + 1) + (entry.type === 'symlink' ? ` -> ${entry.target}` : ''));

const refusal = async (
  command: string,
  options?: { readonly cwd?: string; readonly path?: string },
): Promise<{ readonly message: string; readonly hint: string }> => {
  const error: unknown = await programFiles(command, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  const { message, hint = '' } = error as UsageError;
  expect(hint).not.toBe('');
  return { message, hint };
};

describe('readElf', () => {
  test('reads the interpreter and the libraries of a program of this computer', async () => {
    const bytes = await readFile('/usr/bin/env');
    expect(isElf(bytes)).toBe(true);
    expect(elfArchitecture(bytes)).toBe('x86_64');
    expect(readElf(bytes)).toEqual({
      isLoadable: true,
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libc.so.6'],
      rpath: [],
      runpath: [],
    });
  });

  test('says that a file is damaged wherever it is cut off or changed, and never worse', async () => {
    const bytes = await readFile('/usr/bin/env');
    for (let length = 20; length < 0x400; length += 7)
      expect(() => readElf(bytes.subarray(0, length))).toThrow('it is cut off');
    for (let at = 16; at < 0x300; at++) {
      const changed = Buffer.from(bytes);
      changed.fill(0xff, at, at + 8);
      try {
        readElf(changed);
      } catch (error) {
        expect((error as Error).constructor.name).toBe('DamagedElfError');
      }
    }
  });
});

describe('programFiles of an ELF file', () => {
  test('collects the loader and the libraries of a dynamic program, found on PATH', async () => {
    const files = await programFiles('true', { path: '/nowhere:/bin' });
    expect(files.program).toBe('/bin/true');
    expect(leadsTo(files, '/bin/true')).toBe(await realpath('/bin/true'));
    expect(leadsTo(files, '/lib64/ld-linux-x86-64.so.2')).toBe(await realpath('/lib64/ld-linux-x86-64.so.2'));
    const libc = files.entries.find(({ path }) => path.endsWith('/libc.so.6') && !path.startsWith('etc'));
    expect(leadsTo(files, `/${libc?.path ?? ''}`)).toBe(await realpath(`/${libc?.path ?? ''}`));
    const paths = files.entries.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['bin', 'lib64', 'etc/ld.so.cache']));
    expect(new Set(paths).size).toBe(paths.length);
  });

  test('a static program is all there is', async () => {
    const place = await fresh();
    await compile(place, ...endless, '-o', 'init');
    const { program, entries } = await programFiles('./init', { cwd: place });
    expect(program).toBe(join(place, 'init'));
    expect(entries.filter(({ type }) => type !== 'directory')).toEqual([
      { type: 'file', path: program.slice(1), mode: 0o755, content: await readFile(program) },
    ]);
  });

  test('finds libraries by $ORIGIN, also those of libraries, and of a program behind a link', async () => {
    const place = await fresh();
    await mkdir(join(place, 'bin'));
    await mkdir(join(place, 'lib'));
    await compile(place, 'int g(void) { return 0; }', '-shared', '-fPIC', '-o', 'lib/libg.so', '-Wl,-soname,libg.so.1');
    await symlink('libg.so', join(place, 'lib/libg.so.1'));
    const libf = ['-shared', '-fPIC', '-o', 'lib/libf.so', 'lib/libg.so', '-Wl,-soname,libf.so,-rpath,${ORIGIN}'];
    await compile(place, 'int g(void); int f(void) { return g(); }', ...libf);
    const linked = ['-o', 'bin/init', 'lib/libf.so', '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib,-rpath-link,lib'];
    await compile(place, 'int f(void); int main(void) { return f(); }', ...linked);
    await symlink('bin/init', join(place, 'init'));
    const files = await programFiles(join(place, 'init'));
    expect(files.program).toBe(join(place, 'init'));
    expect(filesBelow(files, place).toSorted()).toEqual([
      'bin/init',
      'init -> bin/init',
      'lib/libf.so',
      'lib/libg.so',
      'lib/libg.so.1 -> libg.so',
    ]);
  });

  test.each(['--enable-new-dtags', '--disable-new-dtags'])('finds libraries by what ld %s writes', async (dtags) => {
    const place = await fresh();
    await mkdir(join(place, 'lib'));
    const soname = '-Wl,-soname,libf.so.1';
    await compile(place, 'int f(void) { return 0; }', '-shared', '-fPIC', '-o', 'lib/libf.so.1', soname);
    const linked = ['-o', 'init', 'lib/libf.so.1', `-Wl,${dtags},-rpath,$ORIGIN/lib`];
    await compile(place, 'int f(void); int main(void) { return f(); }', ...linked);
    expect(filesBelow(await programFiles(join(place, 'init')), place)).toEqual(['init', 'lib/libf.so.1']);

    await rm(join(place, 'lib/libf.so.1'));
    expect(await refusal(join(place, 'init'))).toEqual({
      message: `${place}/init needs the library libf.so.1, which is missing.`,
      hint: 'Install it, or link the program statically.',
    });
  });

  test('refuses one without its interpreter, for another architecture, damaged, or not linked', async () => {
    const place = await fresh();
    const source = 'int main(void) { return 0; }';
    await compile(place, source, '-o', 'init', '-Wl,--dynamic-linker,/lib/ld-none.so.1');
    expect((await refusal('./init', { cwd: place })).message).toBe(
      `${place}/init needs the interpreter /lib/ld-none.so.1, which does not exist.`,
    );
    await compile(place, source, '-c', '-o', 'object');
    await chmod(join(place, 'object'), 0o755);
    expect((await refusal('./object', { cwd: place })).message).toBe(
      `${place}/object is an ELF file, but not a program.`,
    );

    const patched = async (change: (bytes: Buffer) => unknown): Promise<string> => {
      await copyFile('/usr/bin/env', join(place, 'patched'));
      const bytes = await readFile(join(place, 'patched'));
      change(bytes);
      await script(join(place, 'patched'), bytes);
      return (await refusal('./patched', { cwd: place })).message.replace(`${place}/`, '');
    };
    const other = 'patched is a program for another architecture';
    expect(await patched((bytes) => bytes.writeUInt16LE(183, 18))).toBe(`${other}: aarch64.`);
    expect(await patched((bytes) => bytes.writeUInt16LE(243, 18))).toBe(`${other}: riscv.`);
    expect(await patched((bytes) => bytes.writeUInt16LE(999, 18))).toBe(`${other}: machine 999.`);
    const narrow = (machine: number) => (bytes: Buffer) => bytes.writeUInt8(1, 4) && bytes.writeUInt16LE(machine, 18);
    expect(await patched(narrow(3))).toBe(`${other}: i386, 32-bit.`);
    expect(await patched(narrow(40))).toBe(`${other}: arm, 32-bit.`);
    expect(await patched((bytes) => bytes.writeUInt8(2, 5) && bytes.writeUInt16BE(22, 18))).toBe(
      `${other}: s390, big-endian.`,
    );
    expect(await patched((bytes) => bytes.writeBigUInt64LE(2n ** 40n, 32))).toBe(
      'patched is a damaged ELF file: it is cut off.',
    );
  });
});

describe('programFiles of a script', () => {
  test('collects the interpreter with its libraries', async () => {
    const place = await fresh();
    const path = await script(join(place, 'init'), '#! /bin/sh -e\nexit 0\n');
    const files = await programFiles(path);
    expect(files.program).toBe(path);
    expect(filesBelow(files, place)).toEqual(['init']);
    expect(leadsTo(files, '/bin/sh')).toBe(await realpath('/bin/sh'));
    expect(leadsTo(files, '/lib64/ld-linux-x86-64.so.2')).toBe(await realpath('/lib64/ld-linux-x86-64.so.2'));
  });

  test('follows an interpreter that is a script, as often as the kernel', async () => {
    const place = await fresh();
    await script(join(place, '0'), '#!/bin/sh');
    for (let index = 1; index <= 5; index++) await script(join(place, `${index}`), `#!${place}/${index - 1}\n`);
    expect(filesBelow(await programFiles(join(place, '4')), place)).toEqual(['4', '3', '2', '1', '0']);
    expect((await refusal(join(place, '5'))).message).toBe(
      'The interpreters of scripts that lead to /bin/sh are nested too deep for the kernel.',
    );
  });

  test('looks up what env(1) is to start, also with -S', async () => {
    const place = await fresh();
    await compile(place, ...endless, '-o', 'runner');
    for (const line of ['#!/usr/bin/env runner', '#!/usr/bin/env -S A=b runner -x']) {
      await script(join(place, 'init'), `${line}\n`);
      const files = await programFiles('init', { path: `/nowhere:${place}` });
      expect(filesBelow(files, place)).toEqual(['init', 'runner']);
      expect(leadsTo(files, '/usr/bin/env')).toBe('/usr/bin/env');
    }
    await script(join(place, 'dynamic'), '#!/usr/bin/env sh\n');
    const files = await programFiles('./dynamic', { cwd: place, path: '/bin' });
    expect(leadsTo(files, '/bin/sh')).toBe(await realpath('/bin/sh'));
    await script(join(place, 'again'), '#!/usr/bin/env again\n');
    expect(filesBelow(await programFiles('again', { path: place }), place)).toEqual(['again']);
  });

  test('refuses one whose interpreter is missing, unnamed or too long', async () => {
    const place = await fresh();
    const said = async (text: string): Promise<{ readonly message: string; readonly hint: string }> => {
      await script(join(place, 'init'), text);
      return refusal('./init', { cwd: place, path: '/bin' });
    };
    const init = join(place, 'init');
    expect((await said('#!/bin/none\n')).message).toBe(
      `${init} needs the interpreter /bin/none, which does not exist.`,
    );
    expect((await said('#!/etc/passwd\n')).message).toBe(
      `${init} needs the interpreter /etc/passwd, which is not executable.`,
    );
    expect(await said('#!/bin/sh\r\nexit\r\n')).toEqual({
      message: `${init} needs the interpreter /bin/sh\\r, which does not exist.`,
      hint: 'The script has the line ends of DOS: remove the carriage returns.',
    });
    expect((await said('#!/usr/bin/env none\n')).message).toBe(
      `${init} needs the interpreter none, which is not on PATH.`,
    );
    expect((await said('#! \nexit\n')).message).toBe(`The #! line of ${init} names no interpreter.`);
    expect((await said(`#!/bin/sh ${'x'.repeat(246)}\n`)).message).toBe(
      `The #! line of ${init} is longer than the 255 bytes that the kernel reads.`,
    );
    await script(init, `#!/bin/sh ${'x'.repeat(245)}\n`);
    expect(filesBelow(await programFiles(init), place)).toEqual(['init']);
  });
});

describe('programFiles of what is no program', () => {
  test('says why', async () => {
    const place = await fresh();
    const said = async (command: string): Promise<string> =>
      (await refusal(command, { cwd: place, path: place })).message;
    await mkdir(join(place, 'dir'));
    await writeFile(join(place, 'plain'), '#!/bin/sh\n', { mode: 0o644 });
    await script(join(place, 'empty'), '');
    await script(join(place, 'text'), 'echo hello\n');
    expect(await said('none')).toBe('There is no program none on PATH.');
    expect(await said('./none')).toBe(`There is no program ${place}/none.`);
    expect(await said('')).toBe('The name of the program is empty.');
    expect(await said('./dir')).toBe(`${place}/dir is a directory, not a program.`);
    expect(await said('dir')).toBe(`${place}/dir is a directory, not a program.`);
    expect(await said('/dev/null')).toBe('/dev/null is not a regular file.');
    expect(await said('plain')).toBe(`${place}/plain is not executable.`);
    expect(await said('empty')).toBe(`${place}/empty is an empty file, which the kernel cannot execute.`);
    expect(await said('text')).toBe(
      `${place}/text is neither an ELF file nor a script with a #! line, so the kernel cannot execute it.`,
    );
  });

  test('goes on along PATH, as execvp(3) does', async () => {
    const [first, second] = [await fresh(), await fresh()];
    await mkdir(join(first, 'init'));
    await script(join(second, 'init'), '#!/bin/sh\n');
    expect((await programFiles('init', { path: `${first}:${second}` })).program).toBe(join(second, 'init'));
    expect((await programFiles('init', { path: `${first}:`, cwd: second })).program).toBe(join(second, 'init'));
  });
});
