import { generateKeyPairSync } from 'node:crypto';

/** The keys of one machine: made for it, never written to disk. */
export interface LinkKeys {
  /** Our private key, in OpenSSH's format. */
  readonly clientPrivate: string;
  /** Our public key: the ssh wire blob, base64, for the guest's authorized_keys. */
  readonly clientPublic: string;
  /** The guest's private host key in dropbear's file format, base64. */
  readonly hostPrivate: string;
  /** The guest's public host key: the ssh wire blob, base64, to know that it is our guest that answers. */
  readonly hostPublic: string;
}

/** An ssh wire string: length as 32 bits big-endian, then the bytes (RFC 4251 §5). */
const wireString = (bytes: Uint8Array | string): Buffer => {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

/** An ed25519 key pair as the bare 32 bytes of each half. */
const createPair = () => {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  return { secret: Buffer.concat([seed, point]), point };
};

const type = wireString('ssh-ed25519');

/**
 * A private key in OpenSSH's file format, unencrypted (openssh PROTOCOL.key). ssh2's own generator drops the leading
 * zeros of a key and so spoils one in 256.
 */
const openSshPrivateKey = ({ secret, point }: ReturnType<typeof createPair>): string => {
  const none = wireString('none');
  const check = Buffer.alloc(8);
  const secrets = Buffer.concat([check, type, wireString(point), wireString(secret), wireString('')]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, -secrets.length & 7);
  const file = Buffer.concat([
    ...[Buffer.from('openssh-key-v1\0'), none, none, wireString(''), Buffer.from([0, 0, 0, 1])],
    ...[wireString(Buffer.concat([type, wireString(point)])), wireString(Buffer.concat([secrets, padding]))],
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
};

const publicBlob = (point: Buffer): string => Buffer.concat([type, wireString(point)]).toString('base64');

/** Two fresh ed25519 key pairs. */
export const createLinkKeys = (): LinkKeys => {
  const client = createPair();
  const host = createPair();
  return {
    clientPrivate: openSshPrivateKey(client),
    clientPublic: publicBlob(client.point),
    hostPrivate: Buffer.concat([type, wireString(host.secret)]).toString('base64'),
    hostPublic: publicBlob(host.point),
  };
};
