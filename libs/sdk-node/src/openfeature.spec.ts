import { OpenFeature, ProviderEvents, ProviderStatus } from '@openfeature/server-sdk';
import { PatakaProvider } from './openfeature';
import { Pataka } from './pataka';
import { testRuleset } from './test-flags';

const ruleset = testRuleset({ on: true, name: 'two', size: 3, config: { depth: 4 } });

const clientOn = async (pataka: Pataka) => {
  await OpenFeature.setProviderAndWait(new PatakaProvider(pataka));
  return OpenFeature.getClient();
};
afterEach(() => OpenFeature.close());

describe('PatakaProvider', () => {
  it('serves every type with value, variant, reason and metadata', async () => {
    const flags = ruleset.flags.map((flag) => (flag.key === 'on' ? { ...flag, metadata: { team: 'fleet' } } : flag));
    const client = await clientOn(Pataka.fromRuleset({ ...ruleset, flags }));
    expect(await client.getBooleanDetails('on', false)).toMatchObject({ value: true, variant: 'test', reason: 'STATIC', flagMetadata: { team: 'fleet', flagVersion: 1 } });
    expect([await client.getStringValue('name', 'x'), await client.getNumberValue('size', 0), await client.getObjectValue('config', {})]).toEqual(['two', 3, { depth: 4 }]);
  });

  it('answers the default with OpenFeature’s error codes', async () => {
    const client = await clientOn(Pataka.fromRuleset(ruleset));
    expect(await client.getBooleanDetails('none', true)).toMatchObject({ value: true, reason: 'ERROR', errorCode: 'FLAG_NOT_FOUND' });
    expect(await client.getBooleanDetails('name', true)).toMatchObject({ value: true, errorCode: 'TYPE_MISMATCH' });
    expect(await client.getBooleanDetails('on', false, { user_id: 2 ** 60 })).toMatchObject({ value: false, errorCode: 'INVALID_CONTEXT' });
  });

  it('tells which flags changed', async () => {
    const pataka = Pataka.forTesting({ on: true });
    const client = await clientOn(pataka);
    const changed: unknown[] = [];
    client.addHandler(ProviderEvents.ConfigurationChanged, (details) => changed.push(details?.flagsChanged));
    pataka.set('on', false);
    expect([changed, await client.getBooleanValue('on', true)]).toEqual([[['on']], false]);
  });

  it('tracks', async () => {
    const pataka = Pataka.forTesting({ on: true });
    (await clientOn(pataka)).track('bought', { targetingKey: 'u' }, { value: 9, currency: 'INR' });
    expect(pataka.takeEvents()).toMatchObject([{ type: 'conversion', metric: 'bought', targetingKey: 'u', value: 9, properties: { currency: 'INR' } }]);
  });

  it('fails to initialise while there are no rules, and answers the default', async () => {
    const provider = new PatakaProvider({ url: 'http://127.0.0.1:9', key: 'k', timeoutMs: 50 });
    await expect(OpenFeature.setProviderAndWait(provider)).rejects.toThrow('rules');
    const client = OpenFeature.getClient();
    expect(client.providerStatus).toBe(ProviderStatus.ERROR);
    expect(await client.getBooleanValue('on', true)).toBe(true);
  });

  it('is stale, not ready, with rules of before and no server', async () => {
    const provider = new PatakaProvider({ url: 'http://127.0.0.1:9', key: 'k', timeoutMs: 50, graceMs: 100, bootstrap: ruleset });
    await OpenFeature.setProviderAndWait(provider);
    const client = OpenFeature.getClient();
    await new Promise<unknown>((told) => client.addHandler(ProviderEvents.Stale, told));
    expect(client.providerStatus).toBe(ProviderStatus.STALE);
    await new Promise<unknown>((told) => client.addHandler(ProviderEvents.Error, told));
    expect([client.providerStatus, await client.getStringValue('name', 'x')]).toEqual([ProviderStatus.ERROR, 'two']);
  });
});
