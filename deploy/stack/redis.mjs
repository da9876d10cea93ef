import { ask, Missing, which } from './processes.mjs';

export const redis = {
  name: 'redis',
  ports: ['client'],
  stopSignal: 'SIGTERM',

  async prepare() {
    if (!which('redis-server')) throw new Missing('apt-get install -y --no-install-recommends redis-server');
  },

  // A cache only: nothing is written to disk, and a restart starts empty.
  start: async (directory, { ports }) => ({
    program: 'redis-server',
    args: ['--bind', '127.0.0.1', '--port', String(ports.client), '--save', '', '--appendonly', 'no', '--dir', directory],
    cwd: directory,
  }),

  async isHealthy({ ports }) {
    const answer = await ask(ports.client, 'PING\r\n', (bytes) => bytes.includes('\r\n'));
    return answer?.toString() === '+PONG\r\n';
  },

  variables: ({ ports }) => ({ REDIS_URL: `redis://127.0.0.1:${ports.client}` }),
};
