import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type ssh2Types from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLinkKeys } from './keys.ts';
import { shellWord, SshLink } from './ssh.ts';

const { Server, utils } = createRequire(import.meta.url)('ssh2') as typeof ssh2Types;

/** An sshd of this process, which runs what it is told by /bin/sh. */
const startServer = async (keys: ReturnType<typeof createLinkKeys>, hostKey: string) => {
  const connections = new Set<ssh2Types.Connection>();
  const server = new Server({ hostKeys: [hostKey] }, (client) => {
    connections.add(client);
    client.on('error', () => undefined);
    client.on('authentication', (context) => {
      const ours = context.method === 'publickey' && context.key.data.toString('base64') === keys.clientPublic;
      if (ours) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (accept) => {
      const session = accept();
      session.on('pty', (acceptPty) => acceptPty());
      session.on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        channel.allowHalfOpen = true;
        const child = spawn('/bin/sh', ['-c', command]);
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.stderr.pipe(channel.stderr, { end: false });
        child.on('close', (code, signal) => {
          if (signal === null) channel.exit(code ?? 0);
          else channel.exit(signal.replace('SIG', ''));
          channel.end();
        });
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    drop: () => connections.forEach((connection) => connection.end()),
    close: () => server.close(),
  };
};

const anotherKey = (): { readonly private: string; readonly blob: string } => {
  const { clientPrivate, clientPublic } = createLinkKeys();
  return { private: clientPrivate, blob: clientPublic };
};

describe('SshLink', () => {
  const host = anotherKey();
  const keys = { ...createLinkKeys(), hostPublic: host.blob };
  let server: Awaited<ReturnType<typeof startServer>>;
  let link: SshLink;
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kernspec-ssh-'));
    server = await startServer(keys, host.private);
    link = await SshLink.connect({ to: server.port, keys, ms: 5_000 });
  });
  afterAll(async () => {
    await link[Symbol.asyncDispose]();
    server.drop();
    server.close();
    await rm(directory, { recursive: true });
  });

  test('keeps stdout, stderr and the exit code apart', async () => {
    expect(await link.exec('echo out; echo err >&2; exit 7')).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      code: 7,
      signal: undefined,
    });
  });

  test('names the signal that ended a command', async () => {
    expect(await link.exec('kill -KILL $$')).toMatchObject({ code: undefined, signal: 'SIGKILL' });
  });

  test('passes on input, and its end', async () => {
    expect(await link.exec('cat', { input: 'hello' })).toMatchObject({ stdout: 'hello', code: 0 });
  });

  test('many commands at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, index) => link.exec(`echo ${index}`)));
    expect(all.map(({ stdout }) => stdout.trim())).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test('a command that does not end in time is named', async () => {
    await expect(link.exec('cat', { pty: true, ms: 1_000 })).rejects.toThrow(
      'The end of "cat" in the guest did not come within 1000 ms.',
    );
  });

  test('copies files and directories in and out', async () => {
    await writeFile(join(directory, 'a file'), 'content');
    const there = join(directory, 'there');
    await link.copyIn(directory, ['a file'], there);
    expect(await readFile(join(there, 'a file'), 'utf8')).toBe('content');
    const back = await mkdtemp(join(directory, 'back-'));
    await link.copyOut(there, ['a file'], back);
    expect(await readFile(join(back, 'a file'), 'utf8')).toBe('content');
    await expect(link.copyOut(there, ['nothing'], back)).rejects.toThrow('nothing: Cannot stat');
  });

  test('refuses a guest with another host key', async () => {
    const stranger = { ...keys, hostPublic: anotherKey().blob };
    await expect(SshLink.connect({ to: server.port, keys: stranger, ms: 5_000 })).rejects.toMatchObject({
      name: 'LinkError',
      message: expect.stringContaining('No ssh connection to the guest') as string,
    });
  });

  test('nobody answers', async () => {
    const silent = new PassThrough();
    await expect(SshLink.connect({ to: silent, keys, ms: 50 })).rejects.toThrow('did not come within 50 ms');
  });

  test('a lost connection is told to whoever waits', async () => {
    const second = await startServer(keys, host.private);
    await using other = await SshLink.connect({ to: second.port, keys, ms: 5_000 });
    const running = await other.start('cat');
    second.drop();
    await expect(running.exited).rejects.toMatchObject({ name: 'LinkError' });
    await expect(other.lost).rejects.toThrow('The ssh connection to the guest was lost');
    second.close();
  });
});

test('keys: what ssh2 makes of our private key is the public key that the guest is told', () => {
  const { clientPrivate, clientPublic } = createLinkKeys();
  const parsed = utils.parseKey(clientPrivate);
  if (parsed instanceof Error) throw parsed;
  expect(parsed.getPublicSSH().toString('base64')).toBe(clientPublic);
});

test.each([
  ['plain-word_1.txt', 'plain-word_1.txt'],
  ['two words', "'two words'"],
  ["it's", `'it'\\''s'`],
  ['', "''"],
])('shellWord(%j)', (word, quoted) => expect(shellWord(word)).toBe(quoted));
