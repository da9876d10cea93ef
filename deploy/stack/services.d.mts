export type ServiceName = 'kafka' | 'postgres' | 'redis' | 'influx';

export declare const serviceNames: readonly ServiceName[];
export declare function defaultDir(): string;

export declare function startStack(options?: {
  only?: readonly ServiceName[];
  bestEffort?: boolean;
  dir?: string;
  say?: (line: string) => void;
}): Promise<{ env: Record<string, string>; missing: { name: ServiceName; reason: string }[] }>;

export declare function stopStack(options?: { dir?: string }): Promise<void>;
export declare function restartService(dir: string, name: ServiceName): Promise<number>;
export declare function killService(dir: string, name: ServiceName, signal?: NodeJS.Signals): Promise<void>;
export declare function pidOf(dir: string, name: ServiceName): number | undefined;
