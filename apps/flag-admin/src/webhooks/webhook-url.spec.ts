import { createServer, type Server } from 'node:http';
import { isPublicAddress } from './public-address';
import { bodyUrlFaults, Reach, shownUrl, urlFaults } from './webhook-url';
import { WebhookSender } from './webhook-sender';

const addresses: Record<string, string[]> = {
  'hooks.example.com': ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'], 'loop.example.com': ['127.0.0.1'], 'mixed.example.com': ['93.184.216.34', '10.0.0.7'],
  'mapped.example.com': ['::ffff:127.0.0.1'], 'v6.example.com': ['fd00::1'], 'metadata.example.com': ['169.254.169.254'],
};
const resolve = (host: string) => Promise.resolve((addresses[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
const strict = new Reach(false, resolve);
const faultsOf = async (url: string, reach = strict): Promise<string[]> => (await bodyUrlFaults({ url }, reach)).map(({ detail }) => detail);

const PRIVATE = 'leads to a private address';
const LOOKED_UP = 'the host leads to a private address';

describe('where a webhook may go', () => {
  it.each(['https://hooks.example.com/in?token=1', 'https://hooks.example.com:8443/', 'https://93.184.216.34/hook', 'https://[2606:2800:220:1:248:1893:25c8:1946]/'])('takes %s', async (url) => {
    expect(await faultsOf(url)).toEqual([]);
  });

  it.each([
    // dotted, and everything that a URL parser makes of it: decimal, octal, hexadecimal, short, mixed
    ...['127.0.0.1', '127.0.0.1.', '2130706433', '017700000001', '0x7f000001', '0x7f.1', '0177.0.0.1', '127.1', '127.0.1', '0', '0.0.0.0', '10.1.2.3', '100.64.0.1', '169.254.169.254',
      '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.8', '198.18.0.1', '203.0.113.9', '224.0.0.1', '255.255.255.255', '3232235777', '0xa9fea9fe', '①②⑦.0.0.1'],
    // IPv6: unspecified, loopback, mapped, compatible, NAT64, 6to4, Teredo, unique local, link-local, site-local, multicast, documentation
    ...['[::]', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::ffff:10.0.0.1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[fc00::1]',
      '[fd12:3456::1]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[2001:db8::1]'],
    ...['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'printer.local', 'metadata.google.internal', 'router.home.arpa', 'localhost.localdomain'],
  ])('refuses https://%s/', async (host) => {
    expect(await faultsOf(`https://${host}/`)).toEqual([PRIVATE]);
  });

  it.each([
    ['https://loop.example.com/', LOOKED_UP], ['https://mixed.example.com/', LOOKED_UP], ['https://mapped.example.com/', LOOKED_UP], ['https://v6.example.com/', LOOKED_UP],
    ['https://metadata.example.com/latest', LOOKED_UP], ['https://LOOP.example.com./', LOOKED_UP], ['https://nowhere.example.com/', 'the host name cannot be resolved'],
    ['http://hooks.example.com/', 'must be https'], ['https://hooks.example.com:22/', 'may only name port 443 or 8443'],
    ['https://user:pw@hooks.example.com/', 'must not hold credentials: the signature is what proves who sends'], ['https://hooks.example.com/#a', 'must not have a fragment'],
    ['ftp://hooks.example.com/', 'must be a URL like https://example.com/hook'], ['hooks.example.com', 'must be a URL like https://example.com/hook'], ['https://', 'must be a URL like https://example.com/hook'],
    ['https://256.1.1.1/', 'must be a URL like https://example.com/hook'], ['javascript:alert(1)', 'must be a URL like https://example.com/hook'],
  ])('refuses %s: %s', async (url, detail) => {
    expect(await faultsOf(url)).toEqual([detail]);
  });

  it('goes anywhere where that is allowed, but for what no receiver has', async () => {
    const open = new Reach(true, resolve);
    expect(await Promise.all(['http://127.0.0.1:9999/', 'http://receiver.local/', 'https://10.0.0.1/'].map((url) => faultsOf(url, open)))).toEqual([[], [], []]);
    expect(urlFaults('http://user:pw@localhost/', open)).toHaveLength(1);
  });

  it('knows what is no address', () => {
    expect(['', 'example.com', '1.2.3', '::g', 'fe80::1%eth0'].map(isPublicAddress)).toEqual([false, false, false, false, false]);
    expect(['8.8.8.8', '2a00:1450::1'].map(isPublicAddress)).toEqual([true, true]);
  });

  it('shows no more of a URL than where it leads', () => {
    expect([shownUrl('https://hooks.slack.com/services/T0/B0/secret'), shownUrl('https://a.example/'), shownUrl('https://a.example/?key=1'), shownUrl('no')])
      .toEqual(['https://hooks.slack.com/…', 'https://a.example', 'https://a.example/…', '']);
  });
});

describe('a name that is judged when the message is sent', () => {
  let trap: Server;
  let port: number;
  let met = 0;
  beforeAll(async () => {
    trap = createServer((_request, response) => { met += 1; response.end(); }).on('connection', () => { met += 1; });
    await new Promise<void>((resolved) => trap.listen(0, '127.0.0.1', resolved));
    port = (trap.address() as { port: number }).port;
  });
  afterAll(() => new Promise((resolved) => trap.close(resolved)));

  it('reaches nothing private, whatever it led to when the webhook was made', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1']];
    const rebound = new Reach(false, () => Promise.resolve((answers.shift() ?? ['127.0.0.1']).map((address) => ({ address, family: 4 }))));
    expect(await bodyUrlFaults({ url: 'https://rebound.example.com/' }, rebound)).toEqual([]);
    const attempt = await new WebhookSender(rebound).send({ url: 'https://rebound.example.com/', headers: {}, body: '{}' }, '2026-03-01T00:00:00Z');
    expect(attempt).toMatchObject({ status: null, error: LOOKED_UP });
    expect(met).toBe(0);
  });

  it('is connected to at the address that was judged, and looked up no second time', async () => {
    let lookups = 0;
    const reach = new Reach(true, () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]).finally(() => { lookups += 1; }));
    const attempt = await new WebhookSender(reach).send({ url: `http://receiver.example.invalid:${port}/`, headers: {}, body: '{}' }, '2026-03-01T00:00:00Z');
    expect([attempt.status, lookups]).toEqual([200, 1]);
  });
});
