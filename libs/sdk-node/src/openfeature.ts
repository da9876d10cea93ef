import type {
  ErrorCode, EvaluationContext as OpenFeatureContext, EventContext, EventHandler, JsonValue, Logger, Provider, ProviderEventEmitter, ProviderEvents, ResolutionDetails, TrackingEventDetails,
} from '@openfeature/server-sdk';
import type { ContactStatus } from './contact';
import type { Details } from './details';
import type { EvaluationContext } from './flag-types';
import { Pataka, type ConnectOptions } from './pataka';

/** By what it can do: CommonJS bundles hold a copy of the class each. */
const isClient = (source: ConnectOptions | Pataka): source is Pataka => typeof (source as Pataka).details === 'function';

type Handlers = Map<ProviderEvents, EventHandler[]>;

/** OpenFeature's emitter without OpenFeature: only its types are needed here. */
class ProviderEvent implements ProviderEventEmitter<ProviderEvents> {
  private readonly handlers: Handlers = new Map();
  private logger: Logger | undefined;

  emit(type: ProviderEvents, context?: EventContext): void {
    for (const handler of this.getHandlers(type)) {
      try {
        // OpenFeature adds the provider's name for the application's handlers.
        void handler(context as Parameters<EventHandler>[0]);
      } catch (error) {
        this.logger?.error('a handler of a provider event failed', error);
      }
    }
  }

  addHandler(type: ProviderEvents, handler: EventHandler): void {
    this.handlers.set(type, [...this.getHandlers(type), handler]);
  }

  removeHandler(type: ProviderEvents, handler: EventHandler): void {
    this.handlers.set(type, this.getHandlers(type).filter((one) => one !== handler));
  }

  removeAllHandlers(type?: ProviderEvents): void {
    if (type === undefined) this.handlers.clear();
    else this.handlers.delete(type);
  }

  getHandlers(type: ProviderEvents): EventHandler[] {
    return this.handlers.get(type) ?? [];
  }

  setLogger(logger: Logger): this {
    this.logger = logger;
    return this;
  }
}

type Metadata = Record<string, string | number | boolean>;

/** The flag's own metadata and what the evaluation adds, by the names that OFREP uses; `version` is OpenTelemetry's. */
const metadataOf = (own: Readonly<Metadata> | undefined, { flagVersion, ruleId, experimentId }: Details<unknown>): Metadata => {
  const metadata: Metadata = { ...own };
  if (flagVersion !== undefined) metadata['flagVersion'] = metadata['version'] = flagVersion;
  if (ruleId !== undefined) metadata['ruleId'] = ruleId;
  if (experimentId !== undefined) metadata['experimentId'] = experimentId;
  return metadata;
};

const resolutionOf = <T>(own: Readonly<Metadata> | undefined, details: Details<T>): ResolutionDetails<T> => {
  const { value, variant, reason, errorCode, errorDetails } = details;
  const flagMetadata = metadataOf(own, details);
  if (errorCode === undefined) return { value, reason, flagMetadata, ...(variant === undefined ? {} : { variant }) };
  return { value, reason, flagMetadata, errorCode: errorCode as ErrorCode, ...(errorDetails === undefined ? {} : { errorMessage: errorDetails }) };
};

/**
 * Pataka behind OpenFeature's server SDK: `await OpenFeature.setProviderAndWait(new PatakaProvider({ url, key }))`.
 *
 * It tells READY, STALE, ERROR and CONFIGURATION_CHANGED by itself, whatever its state it answers from the last known rules, and it
 * tracks. Given a client instead of options, it uses that one and leaves closing it to whoever made it.
 */
export class PatakaProvider implements Provider {
  readonly metadata = { name: 'pataka' } as const;
  readonly runsOn = 'server';
  readonly events = new ProviderEvent();
  private readonly options: ConnectOptions | undefined;
  private readonly stops: (() => void)[] = [];
  private client: Pataka | undefined;

  constructor(source: ConnectOptions | Pataka) {
    if (isClient(source)) this.client = source;
    else this.options = source;
  }

  /** Connects. Rejects while nothing can be served but callers' defaults; READY follows once there are rules. */
  async initialize(): Promise<void> {
    if (this.options !== undefined) this.client ??= await Pataka.connect(this.options);
    const client = this.client!;
    const { status } = client;
    this.listen(client, status);
    if (client.position === undefined) throw new Error('the rules have not arrived yet');
    // OpenFeature tells READY once this has resolved; what is more than that comes after it.
    if (status !== 'ready') setImmediate(() => this.tell(status, client));
  }

  async onClose(): Promise<void> {
    for (const stop of this.stops.splice(0)) stop();
    if (this.options !== undefined) await this.client?.close();
  }

  resolveBooleanEvaluation(key: string, fallback: boolean, context: OpenFeatureContext): Promise<ResolutionDetails<boolean>> {
    return this.resolve(key, fallback, context);
  }

  resolveStringEvaluation(key: string, fallback: string, context: OpenFeatureContext): Promise<ResolutionDetails<string>> {
    return this.resolve(key, fallback, context);
  }

  resolveNumberEvaluation(key: string, fallback: number, context: OpenFeatureContext): Promise<ResolutionDetails<number>> {
    return this.resolve(key, fallback, context);
  }

  /** Also where the fallback is no object: then any value serves. */
  resolveObjectEvaluation<T extends JsonValue>(key: string, fallback: T, context: OpenFeatureContext): Promise<ResolutionDetails<T>> {
    return this.resolve(key, fallback, context);
  }

  track(metric: string, context: OpenFeatureContext, { value, ...properties }: TrackingEventDetails): void {
    this.client?.track(metric, context as EvaluationContext, { value, properties });
  }

  private async resolve<T>(key: string, fallback: T, context: OpenFeatureContext): Promise<ResolutionDetails<T>> {
    const { client } = this;
    if (client === undefined) return { value: fallback, reason: 'ERROR', errorCode: 'PROVIDER_NOT_READY' as ErrorCode, errorMessage: 'the provider is not initialised' };
    return resolutionOf(client.metadata(key), client.details(key, fallback, context as EvaluationContext));
  }

  private listen(client: Pataka, status: ContactStatus): void {
    let told = status;
    const follow = (): void => {
      if (client.status === told) return;
      told = client.status;
      this.tell(told, client);
    };
    this.stops.push(
      client.on('change', (keys) => this.events.emit('PROVIDER_CONFIGURATION_CHANGED' as ProviderEvents, { flagsChanged: [...keys] })),
      ...(['ready', 'stale', 'error'] as const).map((name) => client.on(name, follow)),
    );
  }

  private tell(status: ContactStatus, client: Pataka): void {
    const emit = (type: string, context?: EventContext): void => this.events.emit(type as ProviderEvents, context);
    if (status === 'ready') emit('PROVIDER_READY');
    else if (status === 'stale') emit('PROVIDER_STALE', { message: 'the server is out of reach; the last known rules are served' });
    else if (status === 'error') emit('PROVIDER_ERROR', { message: client.lastError?.message ?? 'the server stays away' });
  }
}
