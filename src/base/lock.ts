import { createHash } from 'node:crypto';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

const listen = (address: string): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });

/** Resolves when the holder of the lock lets go: its socket closes, by release or by death. */
const released = (address: string): Promise<void> =>
  new Promise((resolve) => {
    const connection = createConnection(address);
    connection.once('error', () => resolve());
    connection.once('close', () => resolve());
    connection.resume();
  });

/**
 * Holds a lock between processes of this computer for as long as `action` runs: an abstract unix socket, which the
 * kernel frees when its holder dies, so that there is never a stale lock. It only saves double work; correctness rests
 * on temp + rename.
 *
 * @param onWait called once, if another process holds the lock
 */
export const withLock = async <T>(name: string, action: () => Promise<T>, onWait?: () => void): Promise<T> => {
  const address = `\0kernspec-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  let server = await listen(address);
  if (server === undefined) onWait?.();
  while (server === undefined) {
    await released(address);
    server = await listen(address);
  }
  const held = server;
  const waiting = new Set<Socket>();
  held.on('connection', (socket) => {
    waiting.add(socket);
    socket.once('error', () => socket.destroy());
    socket.once('close', () => waiting.delete(socket));
  });
  try {
    return await action();
  } finally {
    await new Promise<void>((resolve) => {
      held.close(() => resolve());
      for (const socket of waiting) socket.destroy();
    });
  }
};
