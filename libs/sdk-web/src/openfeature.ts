import {
  ErrorCode, type EvaluationContext as OpenFeatureContext, type JsonValue, OpenFeatureEventEmitter, type Provider, ProviderEvents, ProviderFatalError,
  ProviderNotReadyError, type ResolutionDetails, type TrackingEventDetails,
} from '@openfeature/web-sdk';
import type { Details } from './details';
import type { Status } from './listeners';
import { Pataka } from './pataka';
import type { PatakaOptions } from './options';
import type { EvaluationContext } from './snapshot';

const codes = new Set<string>(Object.values(ErrorCode));

const resolution = <T>({ value, variant, reason, errorCode, errorMessage, metadata }: Details<unknown>): ResolutionDetails<T> => ({
  value: value as T, reason, flagMetadata: metadata,
  ...(variant === undefined ? {} : { variant }),
  ...(errorCode === undefined ? {} : { errorCode: (codes.has(errorCode) ? errorCode : ErrorCode.GENERAL) as ErrorCode }),
  ...(errorMessage === undefined ? {} : { errorMessage }),
});

/** OpenFeature's provider for web applications. Reading a flag records the exposure where an experiment decided. */
export class PatakaProvider implements Provider {
  readonly metadata = { name: 'pataka-web' };
  readonly runsOn = 'client';
  readonly events = new OpenFeatureEventEmitter();
  #pataka: Pataka | null = null;
  #settled = false;

  /** @param options - as for {@link Pataka.create}; the context is OpenFeature's */
  constructor(private readonly options: Omit<PatakaOptions, 'context'>) {}

  /** The client behind it, once it is initialised. */
  get pataka(): Pataka | null {
    return this.#pataka;
  }

  async initialize(context?: OpenFeatureContext): Promise<void> {
    const pataka = (this.#pataka ??= this.#create(context));
    await pataka.ready();
    this.#settled = true;
    if (pataka.status === 'denied') throw new ProviderFatalError('the key is refused');
    if (pataka.status === 'failed') throw new ProviderNotReadyError('Pataka cannot be reached yet');
  }

  async onContextChange(_before: OpenFeatureContext, context: OpenFeatureContext): Promise<void> {
    await this.#pataka?.setContext(context as EvaluationContext);
  }

  async onClose(): Promise<void> {
    await this.#pataka?.close();
    this.#pataka = null;
  }

  resolveBooleanEvaluation(key: string, fallback: boolean): ResolutionDetails<boolean> {
    return this.#resolve(key, fallback);
  }

  resolveStringEvaluation(key: string, fallback: string): ResolutionDetails<string> {
    return this.#resolve(key, fallback);
  }

  resolveNumberEvaluation(key: string, fallback: number): ResolutionDetails<number> {
    return this.#resolve(key, fallback);
  }

  resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T): ResolutionDetails<T> {
    return this.#resolve(key, fallback);
  }

  track(metric: string, _context: OpenFeatureContext, { value, ...properties }: TrackingEventDetails = {}): void {
    this.#pataka?.track(metric, { ...(value === undefined ? {} : { value }), ...(Object.keys(properties).length === 0 ? {} : { properties: properties as never }) });
  }

  #resolve<T extends JsonValue>(key: string, fallback: T): ResolutionDetails<T> {
    if (this.#pataka === null) return { value: fallback, reason: 'ERROR', errorCode: ErrorCode.PROVIDER_NOT_READY };
    return resolution(this.#pataka.details(key, fallback as never));
  }

  #create(context: OpenFeatureContext | undefined): Pataka {
    const pataka = Pataka.create({ ...this.options, context: (context ?? {}) as EvaluationContext });
    pataka.on('change', (flagsChanged) => this.#settled && this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged: [...flagsChanged] }));
    pataka.on('status', (status) => this.#settled && this.#tell(status));
    return pataka;
  }

  #tell(status: Status): void {
    if (status === 'stale') this.events.emit(ProviderEvents.Stale, { message: 'Pataka cannot be reached: the last known is served' });
    else if (status === 'failed' || status === 'denied') this.events.emit(ProviderEvents.Error, { message: 'Pataka cannot be reached' });
    else if (status === 'ready') this.events.emit(ProviderEvents.Ready, {});
  }
}
