import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { PatakaProvider } from './openfeature';
import { ScriptedServer } from './scripted-server';

let server: ScriptedServer;
const provide = async (): Promise<PatakaProvider> => {
  const provider = new PatakaProvider({ url: 'https://flags.example.in', clientKey: 'client-key', host: server.host });
  await OpenFeature.setProviderAndWait(provider);
  return provider;
};

beforeEach(async () => {
  server = new ScriptedServer();
  server.flags = {
    scoring: { value: true, variant: 'on', metadata: { flagVersion: 4 } }, banner: { value: 'नमस्ते' }, radius: { value: 2 }, theme: { value: { dark: true } },
    routing: { value: 'ai', variant: 'ai', reason: 'SPLIT', metadata: { experimentId: 'exp_1' } },
  };
  await OpenFeature.setContext({ targetingKey: 'driver-7', since: new Date(0) });
});
afterEach(() => OpenFeature.close());

describe('the OpenFeature provider', () => {
  it('resolves every type with details', async () => {
    await provide();
    const client = OpenFeature.getClient();
    expect([client.getBooleanValue('scoring', false), client.getStringValue('banner', ''), client.getNumberValue('radius', 0), client.getObjectValue('theme', {})]).toEqual([true, 'नमस्ते', 2, { dark: true }]);
    expect(client.getBooleanDetails('scoring', false)).toMatchObject({ value: true, variant: 'on', reason: 'STATIC', flagMetadata: { flagVersion: 4 } });
    expect(client.getStringDetails('scoring', 'x')).toMatchObject({ value: 'x', reason: 'ERROR', errorCode: 'TYPE_MISMATCH' });
    expect(client.getBooleanDetails('nowhere', true)).toMatchObject({ value: true, errorCode: 'FLAG_NOT_FOUND' });
    expect(server.bulks()[0]!.body.context).toEqual({ targetingKey: 'driver-7', since: '1970-01-01T00:00:00.000Z' });
  });

  it('records exposures on use, and what is tracked', async () => {
    const provider = await provide();
    const client = OpenFeature.getClient();
    client.getStringValue('routing', '');
    client.getStringValue('routing', '');
    client.track('fuel_saved', { value: 2.5, route: 'pune' });
    await provider.pataka!.flush();
    expect(server.taken).toMatchObject([{ type: 'exposure', variant: 'ai' }, { type: 'conversion', metric: 'fuel_saved', value: 2.5, properties: { route: 'pune' } }]);
  });

  it('tells of changes, and asks again for another context', async () => {
    const provider = await provide();
    const client = OpenFeature.getClient();
    const changed = jest.fn();
    client.addHandler(ProviderEvents.ConfigurationChanged, changed);
    server.flags['banner'] = { value: 'வணக்கம்' };
    await provider.pataka!.refresh();
    expect(changed.mock.calls).toMatchObject([[{ flagsChanged: ['banner'] }]]);
    await OpenFeature.setContext({ targetingKey: 'driver-8' });
    expect(server.bulks().at(-1)!.body.context).toEqual({ targetingKey: 'driver-8' });
  });

  it('is in error without an answer, ready once there is one, and stale when it stays away', async () => {
    server.fails = { status: 0 };
    const provider = new PatakaProvider({ url: 'https://flags.example.in', clientKey: 'client-key', host: server.host });
    await expect(OpenFeature.setProviderAndWait(provider)).rejects.toThrow();
    const client = OpenFeature.getClient();
    expect([client.providerStatus, client.getBooleanValue('scoring', true)]).toEqual(['ERROR', true]);
    server.fails = null;
    await provider.pataka!.refresh();
    expect([client.providerStatus, client.getBooleanValue('scoring', false)]).toEqual(['READY', true]);
    server.fails = { status: 0 };
    await provider.pataka!.refresh();
    expect([client.providerStatus, client.getBooleanValue('scoring', false)]).toEqual(['STALE', true]);
  });

  it('is fatal when the key is refused', async () => {
    server.fails = { status: 401 };
    await expect(provide()).rejects.toThrow('refused');
    expect(OpenFeature.getClient().providerStatus).toBe('FATAL');
  });
});
