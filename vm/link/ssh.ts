import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import * as tar from 'tar';
import { withDeadline } from '../../src/base/deadline.ts';
import { deferred } from '../../src/base/deferred.ts';
import { LinkError, messageOf } from '../../src/base/errors.ts';
import type { LinkKeys } from './keys.ts';

/** How a command in the guest ended, as its sshd reports it. */
export interface GuestExit {
  /** Exit code, or undefined when a signal ended it. */
  readonly code: number | undefined;
  /** Signal name, such as `SIGKILL`. */
  readonly signal: string | undefined;
}

export interface GuestResult extends GuestExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command running in the guest: one channel of the connection. */
export interface GuestProcess extends AsyncDisposable {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Sends bytes to its standard input. */
  write(bytes: string | Uint8Array): void;
  /** Closes its standard input. */
  end(): void;
  /** Resolves when the channel is closed and all output has been read. Rejects with LinkError when the link is lost. */
  readonly exited: Promise<GuestExit>;
}

export interface ExecOptions {
  /** Give the command a terminal: 80×24, and stderr joins stdout. */
  readonly pty?: boolean;
  readonly input?: string | Uint8Array;
  /** Deadline in ms. */
  readonly ms?: number;
}

export interface SshTarget {
  /** A port of the loopback interface, or a stream to the guest's sshd. */
  readonly to: number | Duplex;
  readonly keys: LinkKeys;
  /** Deadline of the handshake, ms. */
  readonly ms: number;
}

/** Bytes of a command's output that anybody may want to read; more of it is a flood. */
const outputBytes = 16 * 2 ** 20;

const textOf = async (stream: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > outputBytes)
      throw new LinkError(`A command in the guest floods its channel with more than ${outputBytes / 2 ** 20} MiB.`);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Quotes a word for the guest's shell. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

const readableOrClosed = async (stream: Duplex): Promise<void> => {
  const waiting = new AbortController();
  try {
    await Promise.race(['readable', 'close'].map((event) => once(stream, event, { signal: waiting.signal })));
  } finally {
    waiting.abort();
  }
};

/**
 * Waits until the other side's identification line is there as a whole, and leaves it to be read: ssh2 loses the middle
 * of one that comes in three pieces, as over a serial port it does.
 */
const identification = async (stream: Duplex): Promise<void> => {
  let seen = Buffer.alloc(0);
  while (!seen.includes('\n')) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) seen = Buffer.concat([seen, chunk]);
    else if (stream.readableEnded || stream.destroyed) throw new LinkError('it hung up');
    else await readableOrClosed(stream);
  }
  stream.unshift(seen);
};

/** One ssh connection to a guest, with many channels on it. */
export class SshLink implements AsyncDisposable {
  /** Rejects, once, when the connection ends without our asking; never resolves. */
  readonly lost: Promise<never>;
  readonly #client: Client;
  #open = true;

  /** Whether the connection stands, as far as we know. */
  get open(): boolean {
    return this.#open;
  }

  private constructor(client: Client) {
    this.#client = client;
    const lost = deferred<never>();
    this.lost = lost.promise;
    const lose = (why: string): void => {
      if (this.#open) lost.reject(new LinkError(`The ssh connection to the guest was lost: ${why}.`));
      this.#open = false;
    };
    client.on('error', (error) => lose(messageOf(error)));
    client.on('close', () => lose('closed by the other side'));
  }

  /**
   * Connects and authenticates both sides: the guest by the host key we gave it, ourselves by ours.
   *
   * @throws LinkError when the guest does not answer, or somebody else does
   */
  static async connect({ to, keys, ms }: SshTarget): Promise<SshLink> {
    const client = new Client();
    // A client that was given up may still say why later; without a listener that would end the whole process.
    client.on('error', () => undefined);
    // Without Nagle's algorithm from the first byte on: it would add 40 ms to each of five round trips. (tcp(7))
    const sock = typeof to === 'number' ? createConnection({ host: '127.0.0.1', port: to, noDelay: true }) : to;
    const settings: ConnectConfig = {
      sock,
      username: 'root',
      privateKey: keys.clientPrivate,
      hostVerifier: (key: Buffer) => key.toString('base64') === keys.hostPublic,
      readyTimeout: ms,
      // What the emulated CPU computes fastest; dropbear offers all of them.
      algorithms: { kex: ['curve25519-sha256'], cipher: ['chacha20-poly1305@openssh.com'], compress: ['none'] },
    };
    try {
      await withDeadline({ what: "The guest's sshd", ms }, identification(sock));
      const ready = once(client, 'ready');
      client.connect(settings);
      await ready;
    } catch (error) {
      client.destroy();
      throw new LinkError(`No ssh connection to the guest: ${messageOf(error)}.`, { cause: error });
    }
    return new SshLink(client);
  }

  /** Starts a command line of the guest's shell on a channel of its own. */
  async start(
    commandLine: string,
    { pty = false, ms = 30_000 }: Pick<ExecOptions, 'pty' | 'ms'> = {},
  ): Promise<GuestProcess> {
    const opened = deferred<ClientChannel>();
    const ended = deferred<GuestExit>();
    this.#client.exec(commandLine, pty ? { pty: { cols: 80, rows: 24 } } : {}, (error, channel) => {
      if (error !== undefined) {
        opened.reject(new LinkError(`The guest opened no channel for "${commandLine}": ${error.message}.`));
        return;
      }
      // Listened to at once: all of a short command may have come in the same packet.
      let exit: GuestExit = { code: undefined, signal: undefined };
      channel.on('exit', (code: number | null, signal?: string) => {
        exit = { code: code ?? undefined, signal };
      });
      // 'exit' may come before the last output; 'close' comes after it.
      channel.on('close', () => ended.resolve(exit));
      opened.resolve(channel);
    });
    const channel = await Promise.race([
      withDeadline({ what: `A channel for "${commandLine}"`, ms }, opened.promise),
      this.lost,
    ]);
    const exited = Promise.race([ended.promise, this.lost]);
    exited.catch(() => undefined);
    return {
      stdout: channel,
      stderr: channel.stderr,
      write: (bytes) => void channel.write(bytes),
      end: () => void channel.end(),
      exited,
      [Symbol.asyncDispose]: () => {
        channel.close();
        return Promise.resolve();
      },
    };
  }

  /**
   * Runs a command line of the guest's shell to its end.
   *
   * @throws LinkError or DeadlineError; a non-zero exit code is returned, not thrown
   */
  async exec(commandLine: string, { pty = false, input, ms = 30_000 }: ExecOptions = {}): Promise<GuestResult> {
    await using process = await this.start(commandLine, { pty, ms });
    if (input !== undefined) process.write(input);
    if (!pty) process.end();
    const all = Promise.all([textOf(process.stdout), textOf(process.stderr), process.exited]);
    const [stdout, stderr, exit] = await withDeadline(
      { what: `The end of "${commandLine}" in the guest`, ms },
      Promise.race([all, this.lost]),
    );
    return { stdout, stderr, ...exit };
  }

  /** Copies files and directories of the workstation into a directory of the guest, as one tar stream. */
  async copyIn(cwd: string, paths: readonly string[], into: string): Promise<void> {
    await using process = await this.start(`mkdir -p ${shellWord(into)} && tar -x -C ${shellWord(into)}`);
    process.stdout.resume();
    for await (const chunk of tar.create({ cwd, portable: true }, [...paths])) process.write(chunk);
    process.end();
    const { code } = await process.exited;
    if (code !== 0)
      throw new LinkError(`Copying to ${into} in the guest failed: tar ended with ${code ?? 'a signal'}.`);
  }

  /** Copies paths of the guest, given relative to `from`, into a directory of the workstation. Paths cannot escape it. */
  async copyOut(from: string, paths: readonly string[], into: string): Promise<void> {
    await using process = await this.start(`tar -c -C ${shellWord(from)} ${paths.map(shellWord).join(' ')}`);
    const complaint = textOf(process.stderr);
    const unpacked = pipeline(process.stdout, tar.extract({ cwd: into, strict: true })).then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
    const [trouble, { code }] = await Promise.all([unpacked, process.exited]);
    if (code !== 0 || trouble !== undefined) {
      const reason = (await complaint).trim().split('\n')[0] ?? '';
      throw new LinkError(`Copying from ${from} in the guest failed: ${reason === '' ? (trouble ?? '') : reason}`);
    }
  }

  /** Says goodbye and closes the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#open = false;
    this.#client.end();
    this.#client.destroy();
    return Promise.resolve();
  }
}
