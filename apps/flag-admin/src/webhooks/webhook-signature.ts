import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const HINT_CHARACTERS = 4;

/** A signing secret as Standard Webhooks writes it. */
export const newSecret = (): string => `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
export const hintOfSecret = (secret: string): string => `${secret.slice(0, PREFIX.length + HINT_CHARACTERS)}…`;

const signatureOf = (secret: string, content: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64')).update(content).digest('base64')}`;

/** The headers of one try: of all secrets that hold, so that a receiver may change over whenever it likes. */
export const signedHeaders = (id: string, timestampSeconds: number, body: string, secrets: readonly string[]): Record<string, string> => ({
  'webhook-id': id, 'webhook-timestamp': String(timestampSeconds), 'webhook-signature': secrets.map((secret) => signatureOf(secret, `${id}.${timestampSeconds}.${body}`)).join(' '),
});
