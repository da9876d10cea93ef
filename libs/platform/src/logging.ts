import type { LoggerService } from '@nestjs/common';
import pino from 'pino';

/** A structured logger: one JSON line an event. */
export type Logger = pino.Logger;

/** Levels that LOG_LEVEL may name. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const MASK = '[redacted]';
const secretMembers = ['authorization', 'Authorization', 'x-api-key', 'X-API-Key', 'cookie', 'token', 'password', 'secret'];

const scrubs: readonly (readonly [RegExp, string])[] = [
  [/([?&](?:[\w-]*token|key|api[-_]?key|secret|password)=)[^&\s"'\\]+/gi, `$1${MASK}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"'\\]*:)[^\s@"'\\]+@/gi, `$1${MASK}@`],
  [/(\bbearer\s+)[\x21\x23-\x5b\x5d-\x7e]+/gi, `$1${MASK}`],
  [/\bpataka_(server|client|management)_[\w-]{16,}/g, `pataka_$1_${MASK}`],
];

/** A text without the secrets that can be told by their looks: tokens in URLs, passwords in connection strings, bearer tokens, our own keys. */
export const scrub = (text: string): string => scrubs.reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), text);

/**
 * JSON lines on standard output. Members named as secrets are masked, and every whole line is scrubbed as it leaves: messages and stacks of
 * drivers quote URLs and headers that nobody here has put into a log.
 */
export const createLogger = (service: string, level: LogLevel = 'info', destination?: pino.DestinationStream): Logger => {
  const options: pino.LoggerOptions = {
    name: service, level, timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secretMembers.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]), censor: MASK },
    hooks: { streamWrite: scrub },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
};

/** Nest's own words in our log: its chatter at debug, its complaints as they are. */
export const nestLogger = (logger: Logger): LoggerService => {
  const at = (level: 'debug' | 'warn' | 'error' | 'fatal') => (message: unknown, ...more: unknown[]): void => {
    if (message instanceof Error) logger[level]({ err: message, nest: more }, message.message);
    else logger[level]({ nest: more }, String(message));
  };
  return { log: at('debug'), debug: at('debug'), verbose: at('debug'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
};
